package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;

/** Element type and shape of a value; at most one dimension is -1, the batch, whose size is known only when the graph runs. */
public record TensorType(DType dtype, Shape shape) {
    /** Marks an optional input that is left out; compare by identity. */
    @SuppressWarnings("ReferenceEquality")
    public static final TensorType ABSENT = new TensorType(DType.U8, Shape.of(0));

    public TensorType {
        int unknown = 0;
        for (int i = 0; i < shape.rank(); i++) {
            if (shape.dim(i) < -1) {
                throw new IllegalArgumentException("shape " + shape + " has a negative dimension at " + i);
            }
            unknown += shape.dim(i) == -1 ? 1 : 0;
        }
        if (unknown > 1) {
            throw new IllegalArgumentException(
                    "shape " + shape + " has " + unknown + " unknown dimensions, expected at most one: the batch");
        }
    }

    public static TensorType f32(long... shape) {
        return new TensorType(DType.F32, Shape.of(shape));
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
        return new TensorType(dtype, Shape.of(dims));
    }

    /** Number of elements, a batch of -1 counting as one. */
    public long numelPerSample() {
        long n = 1;
        for (int i = 0; i < shape.rank(); i++) {
            n *= shape.dim(i) == -1 ? 1 : shape.dim(i);
        }
        return n;
    }

    @Override
    public String toString() {
        return isAbsent() ? "absent" : dtype + shape.toString();
    }
}
