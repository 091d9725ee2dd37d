package dev.espalier.runtime.internal;

import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;

/** libtorch's reductions; an empty list of axes stands for all. */
public final class TorchReduction {
    private TorchReduction() {}

    public static TorchTensor sum(TorchTensor x) {
        return new TorchTensor(x.t.sum());
    }

    public static TorchTensor sum(TorchTensor x, boolean keepDim, int[] dims) {
        return new TorchTensor(x.t.sum(longs(dims), keepDim, new ScalarTypeOptional()));
    }

    public static TorchTensor mean(TorchTensor x) {
        return new TorchTensor(x.t.mean());
    }

    public static TorchTensor mean(TorchTensor x, boolean keepDim, int[] dims) {
        return new TorchTensor(x.t.mean(longs(dims), keepDim, new ScalarTypeOptional()));
    }

    public static TorchTensor variance(TorchTensor x, boolean keepDim, int[] dims) {
        return new TorchTensor(x.t.var(longs(dims), false, keepDim));
    }

    public static TorchTensor max(TorchTensor x) {
        return new TorchTensor(x.t.max());
    }

    public static TorchTensor min(TorchTensor x) {
        return new TorchTensor(x.t.min());
    }

    public static TorchTensor amax(TorchTensor x, boolean keepDim, int[] dims) {
        return new TorchTensor(x.t.amax(longs(dims), keepDim));
    }

    public static TorchTensor argmax(TorchTensor x, long dim) {
        return new TorchTensor(x.t.argmax(new LongOptional(dim), false));
    }

    public static TorchTensor cumulativeSum(TorchTensor x, long dim) {
        return new TorchTensor(x.t.cumsum(dim));
    }

    public static List<TorchTensor> topK(TorchTensor x, long count, long dim, boolean greatest) {
        T_TensorTensor_T out = x.t.sort(new BoolOptional(true), dim, greatest);
        return List.of(
                new TorchTensor(out.get0().narrow(dim, 0, count)),
                new TorchTensor(out.get1().narrow(dim, 0, count)));
    }

    public static TorchTensor norm(TorchTensor x) {
        return new TorchTensor(x.t.norm());
    }

    public static boolean allFinite(TorchTensor x) {
        return x.t.isfinite().all().item_bool();
    }

    static long[] longs(int[] dims) {
        long[] longs = new long[dims.length];
        for (int i = 0; i < dims.length; i++) {
            longs[i] = dims[i];
        }
        return longs;
    }

    public static TorchTensor amin(TorchTensor x, boolean keepDim, int[] dims) {
        return new TorchTensor(x.t.amin(longs(dims), keepDim));
    }

    public static TorchTensor prod(TorchTensor x, boolean keepDim, long dim) {
        return new TorchTensor(x.t.prod(dim, keepDim, new ScalarTypeOptional()));
    }

    public static TorchTensor logSumExp(TorchTensor x, boolean keepDim, int[] dims) {
        return new TorchTensor(x.t.logsumexp(longs(dims), keepDim));
    }
}
