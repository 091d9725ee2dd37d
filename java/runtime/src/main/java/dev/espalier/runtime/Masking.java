package dev.espalier.runtime;

import dev.espalier.runtime.Kernels.Selection;
import dev.espalier.runtime.internal.KernelTarget;
import dev.espalier.runtime.internal.MaskCalls;
import java.util.ArrayList;
import java.util.List;

/** Lays tensors out for the select and mask kernels. */
final class Masking {
    private Masking() {}

    static Selection select(Backend backend, List<Tensor> scores, long k) {
        KernelCall call = new KernelCall("select", backend, scores);
        call.require(DType.F32, scores);
        if (scores.isEmpty()) {
            return ofNothing(call, k);
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            MaskCalls.Item[] items = new MaskCalls.Item[scores.size()];
            for (int i = 0; i < items.length; i++) {
                items[i] = new MaskCalls.Item(
                        KernelCall.address(scores.get(i).contiguous()),
                        0,
                        scores.get(i).numel());
            }
            return select(call, items, k, Tensor.empty(DType.U8, call.device(), MaskCalls.SELECTION_BYTES));
        }
    }

    /** No tensor says on which device a kernel should run. */
    private static Selection ofNothing(KernelCall call, long k) {
        if (k != 0) {
            throw call.failure("k: expected 0 to 0, the number of scores, got " + k);
        }
        return new Selection(Float.NEGATIVE_INFINITY, 0, 0);
    }

    /** Selects into {@code selection} and reads it back, refusing scores that are not numbers. */
    private static Selection select(KernelCall call, MaskCalls.Item[] items, long k, Tensor selection) {
        KernelTarget target = call.target();
        long workspace = call.workspace(MaskCalls.selectWorkspace(target, items));
        call.check(MaskCalls.select(target, items, k, KernelCall.address(selection), workspace));
        Tensor here = selection.to(Device.CPU);
        MaskCalls.Selected selected = MaskCalls.selected(KernelCall.address(here));
        if (selected.nanItem() >= 0) {
            throw call.failure("score tensor " + selected.nanItem() + ", element " + selected.nanIndex()
                    + ": expected a number, got NaN");
        }
        return new Selection(selected.value(), selected.below(), selected.ties());
    }

    static List<BitMask> masks(Backend backend, List<Tensor> scores, long k) {
        Scope.current();
        KernelCall call = new KernelCall("masks", backend, scores);
        call.require(DType.F32, scores);
        if (scores.isEmpty()) {
            ofNothing(call, k);
            return List.of();
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<BitMask> masks = new ArrayList<>();
            MaskCalls.Item[] items = new MaskCalls.Item[scores.size()];
            for (int i = 0; i < items.length; i++) {
                Tensor score = scores.get(i);
                BitMask mask = empty(score.shape(), call.device());
                masks.add(mask);
                items[i] = new MaskCalls.Item(
                        KernelCall.address(score.contiguous()), KernelCall.address(mask.words()), score.numel());
            }
            Tensor selection = Tensor.empty(DType.U8, call.device(), MaskCalls.SELECTION_BYTES);
            select(call, items, k, selection);
            KernelTarget target = call.target();
            long workspace = call.workspace(MaskCalls.buildWorkspace(target, items));
            call.check(MaskCalls.build(target, items, KernelCall.address(selection), workspace));
            return scope.keep(List.copyOf(masks));
        }
    }

    private static BitMask empty(Shape shape, Device device) {
        return new BitMask(Tensor.empty(DType.I32, device, BitMask.words(shape)), shape);
    }

    static BitMask pack(Backend backend, Tensor kept) {
        Scope.current();
        KernelCall call = new KernelCall("pack", backend, List.of(kept));
        if (kept.dtype() != DType.BOOL && kept.dtype() != DType.U8) {
            throw call.failure("expected BOOL or U8, got " + kept.dtype());
        }
        call.requireDevice(0, kept);
        try (Scope scope = Scope.open()) {
            BitMask mask = empty(kept.shape(), call.device());
            KernelTarget target = call.target();
            long workspace = call.workspace(MaskCalls.maskWorkspace(target, 1));
            call.check(MaskCalls.pack(target, item(kept.contiguous(), mask), workspace));
            return scope.keep(mask);
        }
    }

    static Tensor unpack(Backend backend, BitMask mask) {
        Scope.current();
        KernelCall call = new KernelCall("unpack", backend, List.of(mask.words()));
        call.requireDevice(0, mask.words());
        try (Scope scope = Scope.open()) {
            Tensor kept = Tensor.empty(DType.BOOL, call.device(), mask.shape().toArray());
            KernelTarget target = call.target();
            long workspace = call.workspace(MaskCalls.maskWorkspace(target, 1));
            call.check(MaskCalls.unpack(target, item(kept, mask), workspace));
            return scope.keep(kept);
        }
    }

    private static MaskCalls.Item item(Tensor values, BitMask mask) {
        return new MaskCalls.Item(
                KernelCall.address(values),
                KernelCall.address(mask.words()),
                mask.shape().numel());
    }

    static void apply(Backend backend, List<Tensor> weights, List<BitMask> masks) {
        KernelCall call = new KernelCall("apply", backend, weights);
        if (weights.size() != masks.size()) {
            throw call.failure(
                    "expected one mask per weight, got " + weights.size() + " weights and " + masks.size() + " masks");
        }
        call.require(DType.F32, weights);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<Tensor> dense = new ArrayList<>();
            MaskCalls.Item[] items = new MaskCalls.Item[masks.size()];
            for (int i = 0; i < items.length; i++) {
                BitMask mask = masks.get(i);
                call.requireDevice(i, mask.words());
                if (!mask.shape().equals(weights.get(i).shape())) {
                    throw call.failure(
                            "weight " + i + " " + weights.get(i).shape() + ": its mask has shape " + mask.shape());
                }
                dense.add(weights.get(i).contiguous());
                items[i] = item(dense.get(i), mask);
            }
            KernelTarget target = call.target();
            long workspace = call.workspace(MaskCalls.maskWorkspace(target, items.length));
            call.check(MaskCalls.apply(target, items, workspace));
            for (int i = 0; i < items.length; i++) {
                if (!weights.get(i).isContiguous()) {
                    weights.get(i).copyInPlace(dense.get(i));
                }
            }
        }
    }

    static long[] count(Backend backend, List<BitMask> masks) {
        List<Tensor> words = masks.stream().map(BitMask::words).toList();
        KernelCall call = new KernelCall("count", backend, words);
        call.require(DType.I32, words);
        try (Scope scope = Scope.open()) {
            MaskCalls.Item[] items = new MaskCalls.Item[masks.size()];
            for (int i = 0; i < items.length; i++) {
                items[i] = new MaskCalls.Item(
                        0,
                        KernelCall.address(words.get(i)),
                        masks.get(i).shape().numel());
            }
            Tensor kept = Tensor.empty(DType.I64, call.device(), items.length);
            KernelTarget target = call.target();
            long workspace = call.workspace(MaskCalls.maskWorkspace(target, items.length));
            call.check(MaskCalls.count(target, items, KernelCall.address(kept), workspace));
            return kept.toLongArray();
        }
    }
}
