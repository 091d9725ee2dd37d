package dev.espalier.runtime;

import dev.espalier.runtime.Kernels.Removal;
import dev.espalier.runtime.internal.GatherCalls;
import dev.espalier.runtime.internal.KernelTarget;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays tensors out for the gather kernels. */
final class Gathering {
    private Gathering() {}

    static List<Tensor> gather(Backend backend, List<Removal> removals) {
        Scope.current();
        List<Tensor> sources = removals.stream().map(Removal::source).toList();
        KernelCall call = new KernelCall("gather", backend, sources);
        for (int i = 0; i < sources.size(); i++) {
            call.requireDevice(i, sources.get(i));
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<Tensor> results = new ArrayList<>();
            GatherCalls.Item[] items = new GatherCalls.Item[removals.size()];
            for (int i = 0; i < items.length; i++) {
                items[i] = item(call, removals.get(i), results);
            }
            KernelTarget target = call.target();
            long workspace = call.workspace(GatherCalls.workspace(target, items.length));
            call.check(GatherCalls.gather(target, items, workspace));
            return scope.keep(List.copyOf(results));
        }
    }

    /** Lays one removal out and adds the tensor that it fills to {@code results}. */
    private static GatherCalls.Item item(KernelCall call, Removal removal, List<Tensor> results) {
        Tensor source = removal.source();
        GatherCalls.Axis first = axis(call, source, removal.axis0(), removal.keep0());
        GatherCalls.Axis second =
                removal.axis1() < 0 ? GatherCalls.Axis.NONE : axis(call, source, removal.axis1(), removal.keep1());
        long[] shape = source.shape().toArray();
        long outer = product(shape, 0, removal.axis0());
        int end = removal.axis1() < 0 ? removal.axis0() : removal.axis1();
        long middle = removal.axis1() < 0 ? 1 : product(shape, removal.axis0() + 1, end);
        long inner = product(shape, end + 1, shape.length) * source.dtype().bytes();
        shape[removal.axis0()] = first.kept();
        if (removal.axis1() >= 0) {
            shape[removal.axis1()] = second.kept();
        }
        Tensor result = Tensor.empty(source.dtype(), call.device(), shape);
        results.add(result);
        return new GatherCalls.Item(
                KernelCall.address(source.contiguous()),
                KernelCall.address(result),
                outer,
                first,
                middle,
                second,
                inner);
    }

    private static GatherCalls.Axis axis(KernelCall call, Tensor source, int axis, @Nullable Tensor keep) {
        long extent = source.size(axis);
        if (keep == null) {
            return new GatherCalls.Axis(extent, extent, 0);
        }
        if (keep.dtype() != DType.I64 || keep.rank() != 1) {
            throw call.failure(
                    "axis " + axis + " of " + source.shape() + ": expected I64 indices in one axis, got " + keep);
        }
        if (call.device().isCuda() && keep.numel() > 0) {
            requireRange(call, source, axis, keep);
        }
        Tensor index = keep.to(call.device()).contiguous();
        return new GatherCalls.Axis(extent, keep.numel(), KernelCall.address(index));
    }

    /** The CUDA kernel does not check its indices. */
    private static void requireRange(KernelCall call, Tensor source, int axis, Tensor keep) {
        double low = keep.min().item();
        double high = keep.max().item();
        if (low < 0 || high >= source.size(axis)) {
            throw call.failure("axis " + axis + " of " + source.shape() + ": expected indices in [0, "
                    + source.size(axis) + "), got " + (long) low + " to " + (long) high);
        }
    }

    private static long product(long[] shape, int from, int to) {
        long product = 1;
        for (int i = from; i < to; i++) {
            product *= shape[i];
        }
        return product;
    }
}
