package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiChannelItem;
import dev.espalier.runtime.internal.abi.AbiScoreItem;
import dev.espalier.runtime.internal.abi.KernelsAbi;

/** The calls of the score family; pointers are addresses, 0 for none. */
public final class ScoreCalls {
    public static final int MAGNITUDE = KernelsAbi.ESP_CRITERION_MAGNITUDE;
    public static final int GRADIENT = KernelsAbi.ESP_CRITERION_GRADIENT;
    public static final int SIGNED_GRADIENT = KernelsAbi.ESP_CRITERION_SIGNED_GRADIENT;
    public static final int TAYLOR = KernelsAbi.ESP_CRITERION_TAYLOR;
    public static final int L1 = KernelsAbi.ESP_NORM_L1;
    public static final int L2 = KernelsAbi.ESP_NORM_L2;
    public static final int LINF = KernelsAbi.ESP_NORM_LINF;

    private ScoreCalls() {}

    /** One tensor: score[i] from weight[i] and gradient[i]. */
    public record Element(long weight, long gradient, long score, long count) {}

    /** One tensor seen as [outer, channels, inner]. */
    public record Channel(
            long weight, long gradient, long score, long outer, long outerStride, long channels, long inner) {}

    public static long scoreWorkspace(KernelTarget target, int items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_score_workspace_bytes(target.toAbi(), items);
        }
    }

    public static int score(KernelTarget target, Element[] items, int criterion, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiScoreItem natives = new AbiScoreItem(items.length);
            for (int i = 0; i < items.length; i++) {
                natives.position(i)
                        .weight(Address.of(items[i].weight))
                        .gradient(Address.of(items[i].gradient))
                        .score(Address.of(items[i].score))
                        .count(items[i].count);
            }
            return KernelsAbi.esp_score(
                    target.toAbi(), natives.position(0), items.length, criterion, Address.of(workspace), Address.NULL);
        }
    }

    public static long channelsWorkspace(KernelTarget target, Channel[] items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_score_channels_workspace_bytes(target.toAbi(), natives(items), items.length);
        }
    }

    public static int channels(KernelTarget target, Channel[] items, int criterion, int norm, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_score_channels(
                    target.toAbi(), natives(items), items.length, criterion, norm, Address.of(workspace), Address.NULL);
        }
    }

    private static AbiChannelItem natives(Channel[] items) {
        AbiChannelItem natives = new AbiChannelItem(items.length);
        for (int i = 0; i < items.length; i++) {
            natives.position(i)
                    .weight(Address.of(items[i].weight))
                    .gradient(Address.of(items[i].gradient))
                    .score(Address.of(items[i].score))
                    .outer(items[i].outer)
                    .outer_stride(items[i].outerStride)
                    .channels(items[i].channels)
                    .inner(items[i].inner);
        }
        return natives.position(0);
    }
}
