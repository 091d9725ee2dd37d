package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Normalises over the axes from {@code axis} on and applies scale and an optional bias of those axes' shape. */
public record LayerNormalization(long axis, float epsilon) implements Op {
    static LayerNormalization of(Attributes a) {
        a.only("axis", "epsilon", "stash_type").mustBe("stash_type", 1);
        return new LayerNormalization(a.integer("axis", -1), a.real("epsilon", 1e-5f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axis", axis).with("epsilon", epsilon).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 3);
        inputs.floating();
        Shape x = inputs.shape(0);
        int first = inputs.axis(axis, x.rank());
        inputs.known(0, first);
        Shape normalized = Shape.of(Arrays.copyOfRange(x.toArray(), first, x.rank()));
        inputs.require(
                inputs.shape(1).equals(normalized), "scale must have shape " + normalized + ", got " + inputs.shape(1));
        inputs.require(
                !inputs.has(2) || inputs.shape(2).equals(normalized),
                "bias must have shape " + normalized + ", got " + in.get(in.size() - 1));
        return List.of(in.get(0));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Tensor scale = Inputs.present(in.get(1));
        Tensor given = Inputs.optional(in, 2);
        long[] normalized = scale.shape().toArray();
        Tensor bias = given == null ? Tensor.zeros(x.dtype(), x.device(), normalized) : given;
        return List.of(Nn.layerNorm(x, normalized, scale, bias, epsilon));
    }

    /** Scale and bias go with the channels, whose statistics change when some go. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds ids = trace.ids(0);
        int first = Inputs.of(this, List.of(trace.type(0)), 1, 1).axis(axis, ids.rank());
        for (int at = first; at < ids.rank(); at++) {
            trace.approximates(ids.at(at), "takes its mean and variance over these channels");
            for (int input = 1; input < trace.inputs(); input++) {
                if (trace.has(input)) {
                    trace.tie(
                            ids.at(at), trace.ids(input).at(at - first), "normalises channels that cannot be removed");
                }
            }
        }
        trace.output(0, ids);
        boolean scaled = trace.isWeight(1) && (!trace.has(2) || trace.isWeight(2));
        boolean before = IntStream.range(0, first).allMatch(ids::isFixed);
        if (scaled && before) {
            trace.vanishing(0);
        }
    }

    /** With mean and variance over the indices that stay. */
    @Override
    public Op masked(ChannelCut cut) {
        return new KeptLayerNormalization(this, new KeptIndices(cut));
    }
}
