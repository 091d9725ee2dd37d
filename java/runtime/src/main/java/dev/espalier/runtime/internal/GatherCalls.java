package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiGatherItem;
import dev.espalier.runtime.internal.abi.KernelsAbi;
import org.bytedeco.javacpp.LongPointer;

/** The calls of the gather family; pointers are addresses, 0 for none. */
public final class GatherCalls {
    private GatherCalls() {}

    /** An axis and the places that stay: {@code index} 0 keeps all of them. */
    public record Axis(long extent, long kept, long index) {
        /** An axis that is not there. */
        public static final Axis NONE = new Axis(1, 1, 0);
    }

    /** A tensor seen as [outer, first, middle, second] of cells of {@code innerBytes}. */
    public record Item(long in, long out, long outer, Axis first, long middle, Axis second, long innerBytes) {}

    public static long workspace(KernelTarget target, int items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_gather_workspace_bytes(target.toAbi(), items);
        }
    }

    public static int gather(KernelTarget target, Item[] items, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiGatherItem natives = new AbiGatherItem(items.length);
            for (int i = 0; i < items.length; i++) {
                fill(natives.position(i), items[i]);
            }
            return KernelsAbi.esp_gather(
                    target.toAbi(), natives.position(0), items.length, Address.of(workspace), Address.NULL);
        }
    }

    private static void fill(AbiGatherItem cell, Item item) {
        cell.in(Address.of(item.in))
                .out(Address.of(item.out))
                .index0(new LongPointer(Address.of(item.first.index)))
                .index1(new LongPointer(Address.of(item.second.index)))
                .outer(item.outer)
                .axis0(item.first.extent)
                .out_axis0(item.first.kept)
                .middle(item.middle)
                .axis1(item.second.extent)
                .out_axis1(item.second.kept)
                .inner_bytes(item.innerBytes);
    }
}
