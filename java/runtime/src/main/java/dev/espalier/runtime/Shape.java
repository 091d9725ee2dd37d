package dev.espalier.runtime;

import java.util.Arrays;

/**
 * The extents of a tensor, outermost first; an extent of -1 stands for one that is known only at run time, -k for k times that one.
 */
public final class Shape {
    private static final Shape SCALAR = new Shape(new long[0]);

    private final long[] dims;

    private Shape(long[] dims) {
        this.dims = dims;
    }

    /**
     * Makes a shape.
     *
     * @param dims the extents, each at least 0, or -1 for unknown; none for a scalar
     * @throws ShapeException if an extent is below -1
     */
    public static Shape of(long... dims) {
        if (dims.length == 0) {
            return SCALAR;
        }
        for (long dim : dims) {
            if (dim < -1) {
                throw new ShapeException("shape " + Arrays.toString(dims)
                        + ": expected extents of at least 0 (or -1 for unknown), got " + dim);
            }
        }
        return new Shape(dims.clone());
    }

    /**
     * As {@link #of}, in which one extent may be k times the one that is known only at run time.
     *
     * @param dims the extents, each at least 0, or -k
     */
    public static Shape withMultiple(long... dims) {
        return dims.length == 0 ? SCALAR : new Shape(dims.clone());
    }

    /** The number of axes. */
    public int rank() {
        return dims.length;
    }

    /**
     * The extent of one axis.
     *
     * @param axis 0 to rank - 1, or -rank to -1 counted from the end
     */
    public long dim(int axis) {
        int index = axis < 0 ? axis + dims.length : axis;
        if (index < 0 || index >= dims.length) {
            throw new ShapeException(
                    "shape " + this + ": expected an axis in [" + -dims.length + ", " + dims.length + "), got " + axis);
        }
        return dims[index];
    }

    /** True if no extent is open. */
    public boolean isKnown() {
        for (long dim : dims) {
            if (dim < 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * The number of elements: the product of the extents, 1 for a scalar.
     *
     * @throws ShapeException if an extent is unknown or the product exceeds a long
     */
    public long numel() {
        long product = 1;
        for (long dim : dims) {
            if (dim < 0) {
                throw new ShapeException("shape " + this + ": its number of elements is unknown before run time");
            }
            try {
                product = Math.multiplyExact(product, dim);
            } catch (ArithmeticException e) {
                throw new ShapeException("shape " + this + ": more than 2^63 elements");
            }
        }
        return product;
    }

    /** The extents in a new array. */
    public long[] toArray() {
        return dims.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape that && Arrays.equals(dims, that.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** For example {@code [1, 3, 32, 32]}. */
    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
