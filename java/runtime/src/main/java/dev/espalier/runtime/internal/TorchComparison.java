package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.global.torch;

/** libtorch's comparisons and logic. */
public final class TorchComparison {
    private TorchComparison() {}

    public static TorchTensor eq(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.eq(y.t));
    }

    public static TorchTensor eq(TorchTensor x, double value) {
        return new TorchTensor(x.t.eq(Scalars.of(value)));
    }

    public static TorchTensor ne(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.ne(y.t));
    }

    public static TorchTensor ne(TorchTensor x, double value) {
        return new TorchTensor(x.t.ne(Scalars.of(value)));
    }

    public static TorchTensor lt(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.lt(y.t));
    }

    public static TorchTensor lt(TorchTensor x, double value) {
        return new TorchTensor(x.t.lt(Scalars.of(value)));
    }

    public static TorchTensor le(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.le(y.t));
    }

    public static TorchTensor le(TorchTensor x, double value) {
        return new TorchTensor(x.t.le(Scalars.of(value)));
    }

    public static TorchTensor gt(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.gt(y.t));
    }

    public static TorchTensor gt(TorchTensor x, double value) {
        return new TorchTensor(x.t.gt(Scalars.of(value)));
    }

    public static TorchTensor ge(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.ge(y.t));
    }

    public static TorchTensor ge(TorchTensor x, double value) {
        return new TorchTensor(x.t.ge(Scalars.of(value)));
    }

    public static TorchTensor not(TorchTensor x) {
        return new TorchTensor(x.t.logical_not());
    }

    public static TorchTensor and(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.logical_and(y.t));
    }

    public static TorchTensor or(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.logical_or(y.t));
    }

    public static TorchTensor where(TorchTensor condition, TorchTensor x, TorchTensor y) {
        return new TorchTensor(torch.where(condition.t, x.t, y.t));
    }

    public static TorchTensor logicalXor(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.logical_xor(y.t));
    }
}
