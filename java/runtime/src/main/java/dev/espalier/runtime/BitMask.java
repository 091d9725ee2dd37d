package dev.espalier.runtime;

import java.util.List;

/**
 * What is kept of a tensor: one bit per element, 1 = kept.
 *
 * <p>Bit i, in row-major order, is bit (i mod 32) of word i / 32; the bits past the last element are 0.
 */
public final class BitMask implements TensorHolder {
    private final Tensor words;
    private final Shape shape;

    /**
     * Makes a mask of words that exist.
     *
     * @param words I32 [(numel + 31) / 32], contiguous; the mask shares it and does not own it
     * @param shape of the tensor that is masked
     * @throws ShapeException if the words do not fit the shape
     */
    public BitMask(Tensor words, Shape shape) {
        Shape wanted = Shape.of(words(shape));
        if (words.dtype() != DType.I32 || !words.shape().equals(wanted) || !words.isContiguous()) {
            throw new ShapeException("bit mask of " + shape + ": expected contiguous I32 " + wanted + ", got " + words);
        }
        this.words = words;
        this.shape = shape;
    }

    /** The number of words that a mask of this shape has. */
    static long words(Shape shape) {
        return (shape.numel() + 31) / 32;
    }

    /**
     * Packs a tensor of truth values.
     *
     * @param kept BOOL or U8, not 0 = kept
     * @return a mask on the same device whose words belong to the open scope
     */
    public static BitMask pack(Tensor kept) {
        return Kernels.on(kept.device()).pack(kept);
    }

    /** The mask on the CPU that keeps every element of a shape; its words belong to {@code owner}. */
    public static BitMask whole(Shape shape, Scope owner) {
        try (Scope scope = Scope.open()) {
            BitMask mask = pack(Tensor.full(1, DType.U8, Device.CPU, shape.toArray()));
            owner.adopt(mask.words());
            return mask;
        }
    }

    /** The mask as a BOOL tensor of {@link #shape()} on the same device. */
    public Tensor unpack() {
        return Kernels.on(words.device()).unpack(this);
    }

    /** The number of elements kept; waits for the device. */
    public long kept() {
        return Kernels.on(words.device()).count(List.of(this))[0];
    }

    /** The share of elements that are not kept, in [0, 1]; 0 for an empty tensor. */
    public double sparsity() {
        long all = shape.numel();
        return all == 0 ? 0 : (double) (all - kept()) / all;
    }

    /** The shape of the tensor that is masked. */
    public Shape shape() {
        return shape;
    }

    /** The bits, I32. */
    public Tensor words() {
        return words;
    }

    @Override
    public List<Tensor> tensors() {
        return List.of(words);
    }

    @Override
    public String toString() {
        return "bit mask " + shape;
    }
}
