package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** libtorch's element-wise operators and products. */
public final class TorchArithmetic {
    private TorchArithmetic() {}

    public static TorchTensor add(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.add(y.t));
    }

    public static TorchTensor add(TorchTensor x, double value) {
        return new TorchTensor(x.t.add(Scalars.of(value)));
    }

    public static TorchTensor sub(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.sub(y.t));
    }

    public static TorchTensor sub(TorchTensor x, double value) {
        return new TorchTensor(x.t.sub(Scalars.of(value)));
    }

    public static TorchTensor mul(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.mul(y.t));
    }

    public static TorchTensor mul(TorchTensor x, double value) {
        return new TorchTensor(x.t.mul(Scalars.of(value)));
    }

    public static TorchTensor div(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.div(y.t));
    }

    public static TorchTensor divTruncated(TorchTensor x, TorchTensor y) {
        Tensor rounded = x.t.abs().floor_divide(y.t.abs());
        return new TorchTensor(rounded.mul(x.t.sign()).mul(y.t.sign()));
    }

    public static TorchTensor div(TorchTensor x, double value) {
        return new TorchTensor(x.t.div(Scalars.of(value)));
    }

    public static TorchTensor neg(TorchTensor x) {
        return new TorchTensor(x.t.neg());
    }

    public static TorchTensor abs(TorchTensor x) {
        return new TorchTensor(x.t.abs());
    }

    public static TorchTensor sqrt(TorchTensor x) {
        return new TorchTensor(x.t.sqrt());
    }

    public static TorchTensor square(TorchTensor x) {
        return new TorchTensor(x.t.square());
    }

    public static TorchTensor exp(TorchTensor x) {
        return new TorchTensor(x.t.exp());
    }

    public static TorchTensor log(TorchTensor x) {
        return new TorchTensor(x.t.log());
    }

    public static TorchTensor sign(TorchTensor x) {
        return new TorchTensor(x.t.sign());
    }

    public static TorchTensor pow(TorchTensor x, double exponent) {
        return new TorchTensor(x.t.pow(exponent < 0 ? new Scalar(exponent) : Scalars.of(exponent)));
    }

    public static TorchTensor clamp(TorchTensor x, double low, double high) {
        return new TorchTensor(x.t.clamp(Scalars.optional(low), Scalars.optional(high)));
    }

    public static TorchTensor maximum(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.maximum(y.t));
    }

    public static TorchTensor minimum(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.minimum(y.t));
    }

    public static TorchTensor matmul(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.matmul(y.t));
    }

    public static TorchTensor softmax(TorchTensor x, long dim) {
        return new TorchTensor(x.t.softmax(dim));
    }

    public static TorchTensor logSoftmax(TorchTensor x, long dim) {
        return new TorchTensor(x.t.log_softmax(dim));
    }

    public static TorchTensor erf(TorchTensor x) {
        return new TorchTensor(x.t.erf());
    }

    public static TorchTensor sin(TorchTensor x) {
        return new TorchTensor(x.t.sin());
    }

    public static TorchTensor cos(TorchTensor x) {
        return new TorchTensor(x.t.cos());
    }

    public static TorchTensor floor(TorchTensor x) {
        return new TorchTensor(x.t.floor());
    }

    public static TorchTensor ceil(TorchTensor x) {
        return new TorchTensor(x.t.ceil());
    }

    public static TorchTensor round(TorchTensor x) {
        return new TorchTensor(x.t.round());
    }

    public static TorchTensor softplus(TorchTensor x) {
        return new TorchTensor(torch.softplus(x.t));
    }

    public static TorchTensor pow(TorchTensor x, TorchTensor exponent) {
        return new TorchTensor(x.t.pow(exponent.t));
    }

    public static TorchTensor remainder(TorchTensor x, TorchTensor y) {
        return new TorchTensor(x.t.remainder(y.t));
    }
}
