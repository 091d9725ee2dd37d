package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchReduction;
import dev.espalier.runtime.internal.TorchTensor;
import java.util.List;

/** The operators that reduce axes of a tensor; without axes they reduce all of them. */
public sealed interface TensorReductions permits Tensor {
    private Tensor self() {
        return (Tensor) this;
    }

    /** The sum of all elements, a scalar; integers give I64. */
    default Tensor sum() {
        return Operator.unary("sum(input)", self(), TorchReduction::sum);
    }

    /** The sums over {@code dims}, which stay as extents of 1 if {@code keepDim}. */
    default Tensor sum(boolean keepDim, int... dims) {
        return Operator.unary("sum(input)", self(), x -> TorchReduction.sum(x, keepDim, dims));
    }

    /** The mean of all elements, a scalar; floating point only. */
    default Tensor mean() {
        return Operator.unary("mean(input)", self(), TorchReduction::mean);
    }

    /** The means over {@code dims}; floating point only. */
    default Tensor mean(boolean keepDim, int... dims) {
        return Operator.unary("mean(input)", self(), x -> TorchReduction.mean(x, keepDim, dims));
    }

    /** The population variances (divided by the count) over {@code dims}. */
    default Tensor variance(boolean keepDim, int... dims) {
        return Operator.unary("variance(input)", self(), x -> TorchReduction.variance(x, keepDim, dims));
    }

    /** The greatest element, a scalar. */
    default Tensor max() {
        return Operator.unary("max(input)", self(), TorchReduction::max);
    }

    /** The smallest element, a scalar. */
    default Tensor min() {
        return Operator.unary("min(input)", self(), TorchReduction::min);
    }

    /** The greatest elements over {@code dims}. */
    default Tensor amax(boolean keepDim, int... dims) {
        return Operator.unary("amax(input)", self(), x -> TorchReduction.amax(x, keepDim, dims));
    }

    /** The I64 position of the greatest element along {@code dim}, which is removed. */
    default Tensor argmax(int dim) {
        return Operator.unary("argmax(input)", self(), x -> TorchReduction.argmax(x, dim));
    }

    /** Each element along {@code dim} becomes its sum with those before it; integers give I64. */
    default Tensor cumulativeSum(int dim) {
        return Operator.unary("cumsum(input)", self(), x -> TorchReduction.cumulativeSum(x, dim));
    }

    /** The {@code count} greatest (or smallest) elements along {@code dim}, best first, and their I64 positions; of equals the earlier ones. */
    default List<Tensor> topK(long count, int dim, boolean greatest) {
        Scope scope = Scope.current();
        List<TorchTensor> out = Operator.evaluate(
                "topk(input)", () -> TorchReduction.topK(self().handle(), count, dim, greatest), self());
        return out.stream().map(scope::register).toList();
    }

    /** The square root of the sum of squares of all elements, a scalar. */
    default Tensor norm() {
        return Operator.unary("norm(input)", self(), TorchReduction::norm);
    }

    /** True if no element is NaN or infinite; waits for the device. */
    default boolean allFinite() {
        Tensor self = self();
        return Operator.evaluate("allFinite(input)", () -> TorchReduction.allFinite(self.handle()), self);
    }

    /** The smallest elements over {@code dims}. */
    default Tensor amin(boolean keepDim, int... dims) {
        return Operator.unary("amin(input)", self(), x -> TorchReduction.amin(x, keepDim, dims));
    }

    /** The product along {@code dim}. */
    default Tensor prod(boolean keepDim, int dim) {
        return Operator.unary("prod(input)", self(), x -> TorchReduction.prod(x, keepDim, dim));
    }

    /** The logarithm of the sum of exponentials over {@code dims}, computed without overflow. */
    default Tensor logSumExp(boolean keepDim, int... dims) {
        return Operator.unary("logSumExp(input)", self(), x -> TorchReduction.logSumExp(x, keepDim, dims));
    }
}
