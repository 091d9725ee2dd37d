package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The input types of one operator under checks whose refusals name the operator, what it expected and what it got. */
final class Inputs {
    private final Op op;
    private final List<TensorType> types;

    private Inputs(Op op, List<TensorType> types) {
        this.op = op;
        this.types = types;
    }

    static Inputs of(Op op, List<TensorType> types, int least, int most) {
        if (types.size() < least || types.size() > most) {
            String expected = least == most ? "" + least : least + " to " + most;
            throw new ShapeException(op.type() + " takes " + expected + " inputs, got " + types.size());
        }
        Inputs in = new Inputs(op, types);
        for (int i = 0; i < least; i++) {
            in.require(types.get(i) != null && !types.get(i).isAbsent(), "input " + i + " is missing");
        }
        return in;
    }

    boolean has(int index) {
        return index < types.size() && !types.get(index).isAbsent();
    }

    TensorType type(int index) {
        return types.get(index);
    }

    Shape shape(int index) {
        return types.get(index).shape();
    }

    void rank(int index, int least, int most) {
        int rank = shape(index).rank();
        require(
                rank >= least && rank <= most,
                "input " + index + " must have rank " + (least == most ? "" + least : least + " to " + most)
                        + ", got shape " + shape(index));
    }

    /** The optional input, where present, must be a vector of this length. */
    void vector(int index, long length, String what) {
        if (has(index)) {
            require(
                    shape(index).rank() == 1 && shape(index).dim(0) == length,
                    what + " must have shape [" + length + "], got " + shape(index));
        }
    }

    /** All dimensions from {@code first} on must be known, since the output size depends on them. */
    void known(int index, int first) {
        for (int i = first; i < shape(index).rank(); i++) {
            require(
                    shape(index).dim(i) >= 0,
                    "dimension " + i + " of input " + index + " must be known, only the batch may be open, got shape "
                            + shape(index));
        }
    }

    void floating() {
        require(type(0).dtype().isFloating(), "input 0 must have a floating type, got " + type(0).dtype());
        sameType();
    }

    void sameType() {
        DType first = type(0).dtype();
        for (TensorType t : types) {
            require(t.isAbsent() || t.dtype() == first, "inputs must have one element type, got " + types);
        }
    }

    /** An axis counted from the end when negative. */
    int axis(long axis, int rank) {
        require(axis >= -rank && axis < rank, "axis must lie in [" + -rank + ", " + (rank - 1) + "], got " + axis);
        return (int) (axis < 0 ? axis + rank : axis);
    }

    void require(boolean condition, String message) {
        if (!condition) {
            throw new ShapeException(op.type() + ": " + message);
        }
    }

    /** A tensor that the shape rule has proved to be there. */
    static <T> T present(@Nullable T tensor) {
        return Objects.requireNonNull(tensor, "input");
    }

    /** An optional input, {@code null} where it is left out at the end of the list or in it. */
    static <T> @Nullable T optional(List<@Nullable T> in, int index) {
        return index < in.size() ? in.get(index) : null;
    }
}
