package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchAutograd;
import dev.espalier.runtime.internal.TorchLayout;

/** The operators that move elements without computing; results share memory with their input where libtorch can. */
public sealed interface TensorLayout permits Tensor {
    private Tensor self() {
        return (Tensor) this;
    }

    /** The same elements in another shape; one extent may be -1, found from the others. */
    default Tensor reshape(long... shape) {
        return Operator.unary("reshape(input)", self(), x -> TorchLayout.reshape(x, shape));
    }

    /** Merges the axes {@code start} to {@code end}, both included. */
    default Tensor flatten(int start, int end) {
        return Operator.unary("flatten(input)", self(), x -> TorchLayout.flatten(x, start, end));
    }

    /** Exchanges two axes; a view. */
    default Tensor transpose(int first, int second) {
        return Operator.unary("transpose(input)", self(), x -> TorchLayout.transpose(x, first, second));
    }

    /** Axis i of the result is axis {@code dims[i]} of this; a view. */
    default Tensor permute(int... dims) {
        return Operator.unary("permute(input)", self(), x -> TorchLayout.permute(x, dims));
    }

    /** Removes an axis if its extent is 1; a view. */
    default Tensor squeeze(int dim) {
        return Operator.unary("squeeze(input)", self(), x -> TorchLayout.squeeze(x, dim));
    }

    /** Inserts an axis of extent 1 before {@code dim}; a view. */
    default Tensor unsqueeze(int dim) {
        return Operator.unary("unsqueeze(input)", self(), x -> TorchLayout.unsqueeze(x, dim));
    }

    /** The slice at {@code index} of an axis, which is removed; a view. */
    default Tensor select(int dim, long index) {
        return Operator.unary("select(input)", self(), x -> TorchLayout.select(x, dim, index));
    }

    /** The slices {@code start} to {@code start + length - 1} of an axis; a view. */
    default Tensor narrow(int dim, long start, long length) {
        return Operator.unary("narrow(input)", self(), x -> TorchLayout.narrow(x, dim, start, length));
    }

    /** The slices of an axis that a vector of I64 names, in its order; a copy. */
    default Tensor indexSelect(int dim, Tensor indices) {
        return Operator.binary(
                "indexSelect(input, indices)", self(), indices, (x, i) -> TorchLayout.indexSelect(x, dim, i));
    }

    /** The elements in reverse order along {@code dims}; a copy. */
    default Tensor flip(int... dims) {
        return Operator.unary("flip(input)", self(), x -> TorchLayout.flip(x, dims));
    }

    /** Repeats axes of extent 1 up to {@code shape} without copying (-1: leave the extent); a view. */
    default Tensor expand(long... shape) {
        return Operator.unary("expand(input)", self(), x -> TorchLayout.expand(x, shape));
    }

    /** The elements in row-major order without gaps; shares memory if they already are. */
    default Tensor contiguous() {
        return Operator.unary("contiguous(input)", self(), TorchLayout::contiguous);
    }

    /** A tensor [n, c, h, w] with its elements in the order n, h, w, c; shares memory if they already are. */
    default Tensor channelsLast() {
        return Operator.unary("channelsLast(input)", self(), TorchLayout::channelsLast);
    }

    /** The elements in another type; shares memory if it is the same. */
    default Tensor to(DType dtype) {
        return Operator.unary("to(input)", self(), x -> TorchLayout.toType(x, dtype.code()));
    }

    /** The elements on another device; shares memory if it is the same. */
    default Tensor to(Device device) {
        int target = device.require();
        return Operator.unary("to(input)", self(), x -> TorchLayout.toDevice(x, target));
    }

    /** The elements in memory of their own, layout kept, recorded for gradients. */
    default Tensor copy() {
        return Operator.unary("copy(input)", self(), TorchLayout::copy);
    }

    /** The same memory, cut from the record of gradients. */
    default Tensor detach() {
        return Operator.unary("detach(input)", self(), TorchAutograd::detach);
    }

    /** The elements along an axis that I64 positions name, one position per element of the result. */
    default Tensor takeAlong(int dim, Tensor positions) {
        return Operator.binary(
                "takeAlong(input, positions)", self(), positions, (x, i) -> TorchLayout.takeAlong(x, dim, i));
    }

    /** The whole repeated so often along each axis; a copy. */
    default Tensor repeat(long... times) {
        return Operator.unary("repeat(input)", self(), x -> TorchLayout.repeat(x, times));
    }
}
