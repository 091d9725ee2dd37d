package dev.espalier.op;

import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A matrix: the axes before {@code axis} as rows, the others as columns, in row-major order. */
public record Flatten(long axis) implements Op {
    static Flatten of(Attributes a) {
        return new Flatten(a.only("axis").integer("axis", 1));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axis", axis).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        Shape x = inputs.shape(0);
        inputs.require(
                axis >= -x.rank() && axis <= x.rank(),
                "axis must lie in [" + -x.rank() + ", " + x.rank() + "], got " + axis);
        int split = split(x.rank());
        return List.of(in.get(0).withShape(product(x, 0, split), product(x, split, x.rank())));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int split = split(x.rank());
        return List.of(x.reshape(product(x.shape(), 0, split), product(x.shape(), split, x.rank())));
    }

    private int split(int rank) {
        return (int) (axis < 0 ? axis + rank : axis);
    }

    /** An open batch stays open only where nothing is multiplied with it. */
    private long product(Shape x, int from, int to) {
        long product = 1;
        long open = 1;
        for (int i = from; i < to; i++) {
            open = x.dim(i) < 0 ? x.dim(i) : open;
            product *= x.dim(i);
        }
        if (open < 0 && product != open) {
            throw new ShapeException(
                    "Flatten: axis " + axis + " would merge the open batch of " + x + " with other axes");
        }
        return product;
    }

    @Override
    public void trace(ChannelTrace trace) {
        RowMajorMove.apply(trace);
    }
}
