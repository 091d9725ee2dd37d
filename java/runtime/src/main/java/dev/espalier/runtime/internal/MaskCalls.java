package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiMaskApplyItem;
import dev.espalier.runtime.internal.abi.AbiMaskBuildItem;
import dev.espalier.runtime.internal.abi.AbiMaskCountItem;
import dev.espalier.runtime.internal.abi.AbiMaskPackItem;
import dev.espalier.runtime.internal.abi.AbiSelectItem;
import dev.espalier.runtime.internal.abi.AbiSelection;
import dev.espalier.runtime.internal.abi.KernelsAbi;
import org.bytedeco.javacpp.LongPointer;

/** The calls of the select and mask families; pointers are addresses, 0 for none. */
public final class MaskCalls {
    /** Bytes of a selection where the tensors live. */
    public static final int SELECTION_BYTES = 32;

    private MaskCalls() {}

    /**
     * Values (scores, bytes or weights) and the bits that belong to them.
     *
     * @param values address of the values; 0 where only the bits count
     * @param bits address of the bits; 0 where only the values count
     * @param count elements
     */
    public record Item(long values, long bits, long count) {}

    /** A selection, read back to Java. */
    public record Selected(float value, int nanItem, long nanIndex, long below, long ties) {}

    public static long selectWorkspace(KernelTarget target, Item[] items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_select_workspace_bytes(target.toAbi(), selectItems(items), items.length);
        }
    }

    public static int select(KernelTarget target, Item[] items, long k, long selection, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_select(
                    target.toAbi(),
                    selectItems(items),
                    items.length,
                    k,
                    new AbiSelection(Address.of(selection)),
                    Address.of(workspace),
                    Address.NULL);
        }
    }

    /** Reads a selection in host memory. */
    public static Selected selected(long address) {
        AbiSelection selection = new AbiSelection(Address.of(address));
        return new Selected(
                selection.value(), selection.nan_item(), selection.nan_index(), selection.below(), selection.ties());
    }

    public static long buildWorkspace(KernelTarget target, Item[] items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_mask_build_workspace_bytes(target.toAbi(), buildItems(items), items.length);
        }
    }

    public static int build(KernelTarget target, Item[] items, long selection, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_mask_build(
                    target.toAbi(),
                    buildItems(items),
                    items.length,
                    new AbiSelection(Address.of(selection)),
                    Address.of(workspace),
                    Address.NULL);
        }
    }

    /** Workspace of pack, unpack, apply and count. */
    public static long maskWorkspace(KernelTarget target, int items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_mask_workspace_bytes(target.toAbi(), items);
        }
    }

    public static int pack(KernelTarget target, Item item, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_mask_pack(target.toAbi(), packItem(item), 1, Address.of(workspace), Address.NULL);
        }
    }

    public static int unpack(KernelTarget target, Item item, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_mask_unpack(target.toAbi(), packItem(item), 1, Address.of(workspace), Address.NULL);
        }
    }

    public static int apply(KernelTarget target, Item[] items, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiMaskApplyItem natives = new AbiMaskApplyItem(items.length);
            for (int i = 0; i < items.length; i++) {
                natives.position(i)
                        .values(Address.of(items[i].values))
                        .bits(Address.of(items[i].bits))
                        .count(items[i].count);
            }
            return KernelsAbi.esp_mask_apply(
                    target.toAbi(), natives.position(0), items.length, Address.of(workspace), Address.NULL);
        }
    }

    /** {@code kept}: address of one int64 per item. */
    public static int count(KernelTarget target, Item[] items, long kept, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiMaskCountItem natives = new AbiMaskCountItem(items.length);
            for (int i = 0; i < items.length; i++) {
                natives.position(i).bits(Address.of(items[i].bits)).count(items[i].count);
            }
            return KernelsAbi.esp_mask_count(
                    target.toAbi(),
                    natives.position(0),
                    items.length,
                    new LongPointer(Address.of(kept)),
                    Address.of(workspace),
                    Address.NULL);
        }
    }

    private static AbiSelectItem selectItems(Item[] items) {
        AbiSelectItem natives = new AbiSelectItem(items.length);
        for (int i = 0; i < items.length; i++) {
            natives.position(i).score(Address.of(items[i].values)).count(items[i].count);
        }
        return natives.position(0);
    }

    private static AbiMaskBuildItem buildItems(Item[] items) {
        AbiMaskBuildItem natives = new AbiMaskBuildItem(items.length);
        for (int i = 0; i < items.length; i++) {
            natives.position(i)
                    .score(Address.of(items[i].values))
                    .bits(Address.of(items[i].bits))
                    .count(items[i].count);
        }
        return natives.position(0);
    }

    private static AbiMaskPackItem packItem(Item item) {
        return new AbiMaskPackItem()
                .bytes(Address.of(item.values))
                .bits(Address.of(item.bits))
                .count(item.count);
    }
}
