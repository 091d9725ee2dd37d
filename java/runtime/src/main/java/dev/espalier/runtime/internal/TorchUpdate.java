package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.Scalar;

/** libtorch's in-place operators on their first argument. */
public final class TorchUpdate {
    private TorchUpdate() {}

    public static void add(TorchTensor x, TorchTensor y) {
        x.t.add_(y.t);
    }

    public static void sub(TorchTensor x, TorchTensor y) {
        x.t.sub_(y.t);
    }

    public static void add(TorchTensor x, TorchTensor y, double alpha) {
        x.t.add_(y.t, Scalars.of(alpha));
    }

    public static void add(TorchTensor x, double value) {
        x.t.add_(Scalars.of(value));
    }

    public static void mul(TorchTensor x, TorchTensor y) {
        x.t.mul_(y.t);
    }

    public static void mul(TorchTensor x, double value) {
        x.t.mul_(Scalars.of(value));
    }

    public static void div(TorchTensor x, TorchTensor y) {
        x.t.div_(y.t);
    }

    public static void div(TorchTensor x, double value) {
        x.t.div_(Scalars.of(value));
    }

    public static void addcmul(TorchTensor x, TorchTensor first, TorchTensor second, double value) {
        x.t.addcmul_(first.t, second.t, Scalars.of(value));
    }

    public static void addcdiv(TorchTensor x, TorchTensor first, TorchTensor second, double value) {
        x.t.addcdiv_(first.t, second.t, Scalars.of(value));
    }

    public static void lerp(TorchTensor x, TorchTensor end, double weight) {
        x.t.lerp_(end.t, new Scalar(weight));
    }

    public static void zero(TorchTensor x) {
        x.t.zero_();
    }

    public static void fill(TorchTensor x, double value) {
        x.t.fill_(Scalars.of(value));
    }

    public static void copy(TorchTensor x, TorchTensor source) {
        x.t.copy_(source.t);
    }

    public static void sqrt(TorchTensor x) {
        x.t.sqrt_();
    }

    public static void clamp(TorchTensor x, double low, double high) {
        x.t.clamp_(Scalars.optional(low), Scalars.optional(high));
    }
}
