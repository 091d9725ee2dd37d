package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.Scalar;

/** libtorch's in-place operators on their first argument. */
public final class TorchUpdate {
    private TorchUpdate() {}

    public static void add(TorchTensor x, TorchTensor y, double alpha) {
        x.t.add_(y.t, factor(alpha));
    }

    public static void add(TorchTensor x, double value) {
        x.t.add_(new Scalar(value));
    }

    public static void mul(TorchTensor x, TorchTensor y) {
        x.t.mul_(y.t);
    }

    public static void mul(TorchTensor x, double value) {
        x.t.mul_(new Scalar(value));
    }

    public static void div(TorchTensor x, TorchTensor y) {
        x.t.div_(y.t);
    }

    public static void div(TorchTensor x, double value) {
        x.t.div_(new Scalar(value));
    }

    public static void addcmul(TorchTensor x, TorchTensor first, TorchTensor second, double value) {
        x.t.addcmul_(first.t, second.t, factor(value));
    }

    public static void addcdiv(TorchTensor x, TorchTensor first, TorchTensor second, double value) {
        x.t.addcdiv_(first.t, second.t, factor(value));
    }

    public static void lerp(TorchTensor x, TorchTensor end, double weight) {
        x.t.lerp_(end.t, new Scalar(weight));
    }

    public static void zero(TorchTensor x) {
        x.t.zero_();
    }

    public static void fill(TorchTensor x, double value) {
        x.t.fill_(new Scalar(value));
    }

    public static void copy(TorchTensor x, TorchTensor source) {
        x.t.copy_(source.t);
    }

    public static void sqrt(TorchTensor x) {
        x.t.sqrt_();
    }

    public static void clamp(TorchTensor x, double low, double high) {
        x.t.clamp_(TorchArithmetic.optional(low), TorchArithmetic.optional(high));
    }

    /** A whole number stays an integer, so that integer tensors accept it. */
    private static Scalar factor(double value) {
        long whole = (long) value;
        return whole == value ? new Scalar(whole) : new Scalar(value);
    }
}
