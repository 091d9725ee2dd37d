package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Convolution over one to three spatial axes: inputs x [n, c, spatial], w [m, c / group, kernel] and optionally bias [m]. */
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
    public Optional<WeightAxes> weightAxes(int input, int rank) {
        return Optional.of(new WeightAxes(0, group, 1, 1));
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 3);
        inputs.floating();
        inputs.rank(0, 3, 5);
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
        Window placed = placed(w.shape());
        if (x.rank() == 5) {
            long[] around = placed.padding(spatial(x.shape()));
            return List.of(Nn.conv3d(x, w, bias, placed.strideArray(), around, placed.dilationArray(), group));
        }
        boolean lift = x.rank() == 3;
        if (lift) {
            placed = placed.lifted();
            x = x.unsqueeze(2);
            w = w.unsqueeze(2);
        }
        Tensor y = Nn.conv2d(x, w, bias, over(placed, spatial(x.shape())));
        return List.of(lift ? y.squeeze(2) : y);
    }

    /**
     * How the filter of a two-axis convolution moves over images [c, h, w], its automatic padding resolved.
     *
     * @param weight [k, c / groups, r, s]
     */
    public ConvolutionWindow over(Shape image, Shape weight) {
        return over(placed(weight), new long[] {image.dim(1), image.dim(2)});
    }

    private ConvolutionWindow over(Window placed, long[] extents) {
        return ConvolutionWindow.of(placed.strideArray(), placed.padding(extents), placed.dilationArray(), group);
    }

    /** The window with the kernel size of this weight. */
    private Window placed(Shape weight) {
        return window.withKernel(Ints.of(spatial(weight)));
    }

    static long[] spatial(Shape shape) {
        return Arrays.copyOfRange(shape.toArray(), 2, shape.rank());
    }

    /**
     * Input channels meet weight axis 1, output channels are weight axis 0. Depthwise, an output channel is its input channel; in any
     * other grouping equal places of all groups go together, so that the groups stay equally large.
     */
    @Override
    public void trace(ChannelTrace trace) {
        if (!trace.isWeight(1)) {
            trace.refuse("computes its weights");
            return;
        }
        trace.freeze(trace.ids(0).at(0), "takes them as images");
        trace.freezeAxes(0, 2, "slides over an axis that carries channels");
        int[] in = trace.ids(0).at(1);
        int[] filters = trace.ids(1).at(0);
        if (group > 1 && trace.type(1).dim(1) == 1) {
            int multiplier = filters.length / (int) group;
            trace.tie(
                    ChannelRules.repeat(in, multiplier), filters, "filters, each on its own, channels that are fixed");
        } else {
            int[] each = ChannelRules.tieBlocks(trace, in, (int) group);
            trace.tie(each, trace.ids(1).at(1), "reads channels that are fixed");
            ChannelRules.tieBlocks(trace, filters, (int) group);
        }
        if (trace.has(2)) {
            trace.tie(filters, trace.ids(2).at(0), "has a bias that is fixed");
        }
        trace.produce(filters);
        trace.output(0, ChannelIds.fixed(trace.type(0).rank()).with(1, filters));
        trace.vanishing(0);
    }

    /** Depthwise, there are as many groups as input channels. */
    @Override
    public Op cut(ChannelCut cut) {
        boolean[] in = cut.keptInput(0, 1);
        return group > 1 && group == in.length ? new Conv(window, ChannelCut.count(in)) : this;
    }
}
