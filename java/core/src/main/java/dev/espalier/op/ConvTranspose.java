package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Transposed convolution over one to three spatial axes: x [n, c, spatial], w [c, m / group, kernel], optionally bias [m]. */
public record ConvTranspose(Window window, Ints outputPadding, long group) implements Op {
    public ConvTranspose {
        if (group < 1) {
            throw new IllegalArgumentException("ConvTranspose: group must be positive, got " + group);
        }
    }

    static ConvTranspose of(Attributes a) {
        a.only("kernel_shape", "strides", "pads", "dilations", "auto_pad", "group", "output_padding");
        return new ConvTranspose(Window.of(a), a.ints("output_padding"), a.integer("group", 1));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return window.attributes()
                .with("output_padding", outputPadding)
                .with("group", group)
                .asMap();
    }

    @Override
    public Set<Integer> weightInputs() {
        return Set.of(1);
    }

    @Override
    public Optional<WeightAxes> weightAxes(int input, int rank) {
        return Optional.of(new WeightAxes(1, 1, 0, group));
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
                x.dim(1) == w.dim(0),
                "input has " + x.dim(1) + " channels but the weight " + w + " expects " + w.dim(0));
        inputs.require(w.dim(0) % group == 0, "input channels " + w.dim(0) + " must be a multiple of group " + group);
        inputs.require(
                outputPadding.isEmpty() || outputPadding.size() == x.rank() - 2,
                "output_padding must have " + (x.rank() - 2) + " values, got " + outputPadding);
        inputs.vector(2, w.dim(1) * group, "bias");
        Window placed = placed(w);
        long[] pads = padding(placed);
        long[] out = new long[x.rank()];
        out[0] = x.dim(0);
        out[1] = w.dim(1) * group;
        for (int i = 0; i < placed.rank(); i++) {
            out[2 + i] = placed.stride(i) * (x.dim(2 + i) - 1)
                    + extra(i)
                    + placed.extent(i)
                    - pads[i]
                    - pads[placed.rank() + i];
            inputs.require(out[2 + i] > 0, "output axis " + (2 + i) + " would have size " + out[2 + i]);
        }
        return List.of(in.get(0).withShape(out));
    }

    /** Every input element meets one filter of m / group kernels. */
    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        TensorType w = in.get(1);
        return Cost.of(in.get(0).numelPerSample() * (w.numelPerSample() / w.dim(0)), in, out);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Tensor w = Inputs.present(in.get(1));
        Tensor bias = Inputs.optional(in, 2);
        Window placed = placed(w.shape());
        long[] pads = padding(placed);
        if (x.rank() == 5) {
            long[] more = {extra(0), extra(1), extra(2)};
            long[] stride = placed.strideArray();
            return List.of(Nn.convTranspose3d(x, w, bias, stride, pads, more, placed.dilationArray(), group));
        }
        boolean lift = x.rank() == 3;
        long[] extra = new long[] {lift ? 0 : extra(0), lift ? extra(0) : extra(1)};
        if (lift) {
            placed = placed.lifted();
            pads = new long[] {0, pads[0], 0, pads[1]};
            x = x.unsqueeze(2);
            w = w.unsqueeze(2);
        }
        Tensor y = Nn.convTranspose2d(x, w, bias, placed.strideArray(), pads, extra, placed.dilationArray(), group);
        return List.of(lift ? y.squeeze(2) : y);
    }

    private Window placed(Shape weight) {
        return window.withKernel(Ints.of(Conv.spatial(weight)));
    }

    private long extra(int axis) {
        return outputPadding.isEmpty() ? 0 : outputPadding.get(axis);
    }

    /** Under a SAME rule the output is the input times the stride, whatever the input's size. */
    private long[] padding(Window placed) {
        int n = placed.rank();
        long[] pads = new long[2 * n];
        boolean same = placed.autoPad() == AutoPad.SAME_UPPER || placed.autoPad() == AutoPad.SAME_LOWER;
        if (!same) {
            return placed.padding(new long[n]);
        }
        for (int i = 0; i < n; i++) {
            long total = Math.max(placed.extent(i) - placed.stride(i) + extra(i), 0);
            long small = total / 2;
            pads[i] = placed.autoPad() == AutoPad.SAME_UPPER ? small : total - small;
            pads[n + i] = total - pads[i];
        }
        return pads;
    }

    /** As {@link Conv#trace} with the weight's axes exchanged: axis 0 meets the input, axis 1 holds the outputs of one group. */
    @Override
    public void trace(ChannelTrace trace) {
        if (!trace.isWeight(1)) {
            trace.refuse("computes its weights");
            return;
        }
        trace.freeze(trace.ids(0).at(0), "takes them as images");
        trace.freezeAxes(0, 2, "slides over an axis that carries channels");
        int[] in = trace.ids(0).at(1);
        int[] rows = trace.ids(1).at(0);
        int[] columns = trace.ids(1).at(1);
        int[] out;
        if (group > 1 && group == rows.length) {
            trace.tie(in, rows, "filters, each on its own, channels that are fixed");
            out = ChannelRules.repeat(rows, columns.length);
        } else {
            ChannelRules.tieBlocks(trace, rows, (int) group);
            trace.tie(in, rows, "reads channels that are fixed");
            out = new int[columns.length * (int) group];
            for (int i = 0; i < out.length; i++) {
                out[i] = columns[i % columns.length];
            }
        }
        if (trace.has(2)) {
            trace.tie(out, trace.ids(2).at(0), "has a bias that is fixed");
        }
        trace.produce(out);
        trace.output(0, ChannelIds.fixed(trace.type(0).rank()).with(1, out));
        trace.vanishing(0);
    }

    /** Depthwise, there are as many groups as input channels. */
    @Override
    public Op cut(ChannelCut cut) {
        boolean[] in = cut.keptInput(0, 1);
        return group > 1 && group == in.length ? new ConvTranspose(window, outputPadding, ChannelCut.count(in)) : this;
    }
}
