package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;

/**
 * Element type and shape of a value; at most one dimension is open: -1, the batch, whose size is known only when the graph runs, or -k,
 * which stands for k indices of each sample, as where heads are merged with the batch.
 */
public record TensorType(DType dtype, Shape shape) {
    /** Marks an optional input that is left out; compare by identity. */
    @SuppressWarnings("ReferenceEquality")
    public static final TensorType ABSENT = new TensorType(DType.U8, Shape.of(0));

    public TensorType {
        int unknown = 0;
        for (int i = 0; i < shape.rank(); i++) {
            unknown += shape.dim(i) < 0 ? 1 : 0;
        }
        if (unknown > 1) {
            throw new IllegalArgumentException(
                    "shape " + shape + " has " + unknown + " unknown dimensions, expected at most one: the batch");
        }
    }

    public static TensorType f32(long... shape) {
        return new TensorType(DType.F32, Shape.withMultiple(shape));
    }

    @SuppressWarnings("ReferenceEquality")
    public boolean isAbsent() {
        return this == ABSENT;
    }

    public int rank() {
        return shape.rank();
    }

    public long dim(int index) {
        return shape.dim(index);
    }

    /** The same element type with another shape. */
    public TensorType withShape(long... dims) {
        return new TensorType(dtype, Shape.withMultiple(dims));
    }

    /** The type of so many samples: no dimension is open. */
    public TensorType forSamples(long samples) {
        long[] dims = shape.toArray();
        for (int i = 0; i < dims.length; i++) {
            dims[i] = dims[i] < 0 ? Math.multiplyExact(-dims[i], samples) : dims[i];
        }
        return withShape(dims);
    }

    /** Number of elements of one sample. */
    public long numelPerSample() {
        long n = 1;
        for (int i = 0; i < shape.rank(); i++) {
            n *= Math.abs(shape.dim(i));
        }
        return n;
    }

    @Override
    public String toString() {
        return isAbsent() ? "absent" : dtype + shape.toString();
    }
}
