package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchArithmetic;

/**
 * The element-wise operators and products of tensors; inputs are broadcast as in NumPy, results are new tensors.
 *
 * <p>A whole number leaves an integer tensor its type; another number turns it to F32.
 */
public sealed interface TensorArithmetic permits Tensor {
    private Tensor self() {
        return (Tensor) this;
    }

    /** this + other. */
    default Tensor add(Tensor other) {
        return Operator.binary("add(input, other)", self(), other, TorchArithmetic::add);
    }

    /** this + value. */
    default Tensor add(double value) {
        return Operator.unary("add(input)", self(), x -> TorchArithmetic.add(x, value));
    }

    /** this - other. */
    default Tensor sub(Tensor other) {
        return Operator.binary("sub(input, other)", self(), other, TorchArithmetic::sub);
    }

    /** this - value. */
    default Tensor sub(double value) {
        return Operator.unary("sub(input)", self(), x -> TorchArithmetic.sub(x, value));
    }

    /** this * other. */
    default Tensor mul(Tensor other) {
        return Operator.binary("mul(input, other)", self(), other, TorchArithmetic::mul);
    }

    /** this * value. */
    default Tensor mul(double value) {
        return Operator.unary("mul(input)", self(), x -> TorchArithmetic.mul(x, value));
    }

    /** this / other; integers give F32. */
    default Tensor div(Tensor other) {
        return Operator.binary("div(input, other)", self(), other, TorchArithmetic::div);
    }

    /** this / other, cut to a whole number towards zero; the type stays. */
    default Tensor divTruncated(Tensor other) {
        return Operator.binary("divTruncated(input, other)", self(), other, TorchArithmetic::divTruncated);
    }

    /** this / value; integers give F32. */
    default Tensor div(double value) {
        return Operator.unary("div(input)", self(), x -> TorchArithmetic.div(x, value));
    }

    /** -this. */
    default Tensor neg() {
        return Operator.unary("neg(input)", self(), TorchArithmetic::neg);
    }

    /** |this|. */
    default Tensor abs() {
        return Operator.unary("abs(input)", self(), TorchArithmetic::abs);
    }

    /** The square root; NaN below 0. */
    default Tensor sqrt() {
        return Operator.unary("sqrt(input)", self(), TorchArithmetic::sqrt);
    }

    /** this * this. */
    default Tensor square() {
        return Operator.unary("square(input)", self(), TorchArithmetic::square);
    }

    /** e to the power of this. */
    default Tensor exp() {
        return Operator.unary("exp(input)", self(), TorchArithmetic::exp);
    }

    /** The natural logarithm; NaN below 0, -infinity at 0. */
    default Tensor log() {
        return Operator.unary("log(input)", self(), TorchArithmetic::log);
    }

    /** -1, 0 or 1. */
    default Tensor sign() {
        return Operator.unary("sign(input)", self(), TorchArithmetic::sign);
    }

    /** this to the power of {@code exponent}. */
    default Tensor pow(double exponent) {
        return Operator.unary("pow(input)", self(), x -> TorchArithmetic.pow(x, exponent));
    }

    /** min(max(this, low), high). */
    default Tensor clamp(double low, double high) {
        return Operator.unary("clamp(input)", self(), x -> TorchArithmetic.clamp(x, low, high));
    }

    /** The greater of the two, element by element; NaN wins. */
    default Tensor maximum(Tensor other) {
        return Operator.binary("maximum(input, other)", self(), other, TorchArithmetic::maximum);
    }

    /** The smaller of the two, element by element; NaN wins. */
    default Tensor minimum(Tensor other) {
        return Operator.binary("minimum(input, other)", self(), other, TorchArithmetic::minimum);
    }

    /** The matrix product over the last two axes, leading axes broadcast; vectors as in NumPy. */
    default Tensor matmul(Tensor other) {
        return Operator.binary("matmul(input, other)", self(), other, TorchArithmetic::matmul);
    }

    /** exp(this) along {@code dim}, scaled to a sum of 1. */
    default Tensor softmax(int dim) {
        return Operator.unary("softmax(input)", self(), x -> TorchArithmetic.softmax(x, dim));
    }

    /** The logarithm of {@link #softmax}, computed without overflow. */
    default Tensor logSoftmax(int dim) {
        return Operator.unary("logSoftmax(input)", self(), x -> TorchArithmetic.logSoftmax(x, dim));
    }

    /** The error function. */
    default Tensor erf() {
        return Operator.unary("erf(input)", self(), TorchArithmetic::erf);
    }

    /** The sine. */
    default Tensor sin() {
        return Operator.unary("sin(input)", self(), TorchArithmetic::sin);
    }

    /** The cosine. */
    default Tensor cos() {
        return Operator.unary("cos(input)", self(), TorchArithmetic::cos);
    }

    /** The greatest whole number that is not above this. */
    default Tensor floor() {
        return Operator.unary("floor(input)", self(), TorchArithmetic::floor);
    }

    /** The smallest whole number that is not below this. */
    default Tensor ceil() {
        return Operator.unary("ceil(input)", self(), TorchArithmetic::ceil);
    }

    /** The nearest whole number, halves to even. */
    default Tensor round() {
        return Operator.unary("round(input)", self(), TorchArithmetic::round);
    }

    /** log(1 + e to the power of this), computed without overflow. */
    default Tensor softplus() {
        return Operator.unary("softplus(input)", self(), TorchArithmetic::softplus);
    }

    /** this to the power of {@code exponent}, element by element. */
    default Tensor pow(Tensor exponent) {
        return Operator.binary("pow(input, exponent)", self(), exponent, TorchArithmetic::pow);
    }

    /** What is left of this after division by {@code other}, with the sign of {@code other}. */
    default Tensor remainder(Tensor other) {
        return Operator.binary("remainder(input, other)", self(), other, TorchArithmetic::remainder);
    }
}
