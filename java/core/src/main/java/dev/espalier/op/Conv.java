package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Convolution over one or two spatial axes: inputs x [n, c, spatial], w [m, c / group, kernel] and optionally bias [m]. */
public record Conv(Window window, long group) implements Op {
    public Conv {
        if (group < 1) {
            throw new IllegalArgumentException("Conv: group must be positive, got " + group);
        }
    }

    static Conv of(Attributes a) {
        a.only("kernel_shape", "strides", "pads", "dilations", "auto_pad", "group");
        return new Conv(Window.of(a), a.integer("group", 1));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return window.attributes().with("group", group).asMap();
    }

    @Override
    public Set<Integer> weightInputs() {
        return Set.of(1);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 3);
        inputs.floating();
        inputs.rank(0, 3, 4);
        inputs.known(0, 1);
        inputs.known(1, 0);
        Shape x = inputs.shape(0);
        Shape w = inputs.shape(1);
        inputs.rank(1, x.rank(), x.rank());
        inputs.require(
                x.dim(1) == w.dim(1) * group,
                "input has " + x.dim(1) + " channels but the weight " + w + " with group " + group + " expects "
                        + w.dim(1) * group);
        inputs.require(w.dim(0) % group == 0, "output channels " + w.dim(0) + " must be a multiple of group " + group);
        inputs.vector(2, w.dim(0), "bias");
        long[] spatial = placed(w).outputs(spatial(x));
        long[] out = new long[x.rank()];
        out[0] = x.dim(0);
        out[1] = w.dim(0);
        System.arraycopy(spatial, 0, out, 2, spatial.length);
        return List.of(in.get(0).withShape(out));
    }

    /** Every output element sums over one filter. */
    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        TensorType w = in.get(1);
        return Cost.of(out.get(0).numelPerSample() * (w.numelPerSample() / w.dim(0)), in, out);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Tensor w = Inputs.present(in.get(1));
        Tensor bias = Inputs.optional(in, 2);
        boolean lift = x.rank() == 3;
        Window placed = placed(w.shape());
        if (lift) {
            placed = placed.lifted();
            x = x.unsqueeze(2);
            w = w.unsqueeze(2);
        }
        long[] pads = placed.padding(spatial(x.shape()));
        Tensor y = Nn.conv2d(x, w, bias, placed.strideArray(), pads, placed.dilationArray(), group);
        return List.of(lift ? y.squeeze(2) : y);
    }

    /** The window with the kernel size of this weight. */
    private Window placed(Shape weight) {
        return window.withKernel(Ints.of(spatial(weight)));
    }

    static long[] spatial(Shape shape) {
        return Arrays.copyOfRange(shape.toArray(), 2, shape.rank());
    }
}
