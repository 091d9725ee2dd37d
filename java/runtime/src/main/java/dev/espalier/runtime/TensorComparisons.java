package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchComparison;

/** The operators that compare tensors or combine truth values; results are BOOL unless said otherwise. */
public sealed interface TensorComparisons permits Tensor {
    private Tensor self() {
        return (Tensor) this;
    }

    /** this == other. */
    default Tensor eq(Tensor other) {
        return Operator.binary("eq(input, other)", self(), other, TorchComparison::eq);
    }

    /** this == value. */
    default Tensor eq(double value) {
        return Operator.unary("eq(input)", self(), x -> TorchComparison.eq(x, value));
    }

    /** this != other. */
    default Tensor ne(Tensor other) {
        return Operator.binary("ne(input, other)", self(), other, TorchComparison::ne);
    }

    /** this != value. */
    default Tensor ne(double value) {
        return Operator.unary("ne(input)", self(), x -> TorchComparison.ne(x, value));
    }

    /** this < other. */
    default Tensor lt(Tensor other) {
        return Operator.binary("lt(input, other)", self(), other, TorchComparison::lt);
    }

    /** this < value. */
    default Tensor lt(double value) {
        return Operator.unary("lt(input)", self(), x -> TorchComparison.lt(x, value));
    }

    /** this <= other. */
    default Tensor le(Tensor other) {
        return Operator.binary("le(input, other)", self(), other, TorchComparison::le);
    }

    /** this <= value. */
    default Tensor le(double value) {
        return Operator.unary("le(input)", self(), x -> TorchComparison.le(x, value));
    }

    /** this > other. */
    default Tensor gt(Tensor other) {
        return Operator.binary("gt(input, other)", self(), other, TorchComparison::gt);
    }

    /** this > value. */
    default Tensor gt(double value) {
        return Operator.unary("gt(input)", self(), x -> TorchComparison.gt(x, value));
    }

    /** this >= other. */
    default Tensor ge(Tensor other) {
        return Operator.binary("ge(input, other)", self(), other, TorchComparison::ge);
    }

    /** this >= value. */
    default Tensor ge(double value) {
        return Operator.unary("ge(input)", self(), x -> TorchComparison.ge(x, value));
    }

    /** True where this is 0. */
    default Tensor logicalNot() {
        return Operator.unary("logicalNot(input)", self(), TorchComparison::not);
    }

    /** True where both differ from 0. */
    default Tensor logicalAnd(Tensor other) {
        return Operator.binary("logicalAnd(input, other)", self(), other, TorchComparison::and);
    }

    /** True where either differs from 0. */
    default Tensor logicalOr(Tensor other) {
        return Operator.binary("logicalOr(input, other)", self(), other, TorchComparison::or);
    }

    /** This where {@code condition} (BOOL) is true, else {@code other}; in the type of the two. */
    default Tensor where(Tensor condition, Tensor other) {
        Tensor self = self();
        return Operator.apply(
                "where(input, condition, other)",
                () -> TorchComparison.where(condition.handle(), self.handle(), other.handle()),
                self,
                condition,
                other);
    }

    /** True where exactly one of the two is true. */
    default Tensor logicalXor(Tensor other) {
        return Operator.binary("logicalXor(input, other)", self(), other, TorchComparison::logicalXor);
    }
}
