package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Normalises every channel of every sample of x [n, c, spatial] over its spatial axes and applies scale and bias [c]. */
public record InstanceNormalization(float epsilon) implements Op {
    static InstanceNormalization of(Attributes a) {
        return new InstanceNormalization(a.only("epsilon").real("epsilon", 1e-5f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("epsilon", epsilon).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 3, 3);
        inputs.floating();
        inputs.rank(0, 3, Integer.MAX_VALUE);
        inputs.vector(1, inputs.shape(0).dim(1), "scale");
        inputs.vector(2, inputs.shape(0).dim(1), "bias");
        return List.of(in.get(0));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int[] spatial = IntStream.range(2, x.rank()).toArray();
        Tensor centred = x.sub(x.mean(true, spatial));
        Tensor deviation = centred.square().mean(true, spatial).add(epsilon).sqrt();
        return List.of(centred.div(deviation)
                .mul(perChannel(Inputs.present(in.get(1)), x.rank()))
                .add(perChannel(Inputs.present(in.get(2)), x.rank())));
    }

    /** [c] as [1, c, 1, …], which broadcasts over [n, c, …]. */
    static Tensor perChannel(Tensor values, int rank) {
        long[] shape = new long[rank];
        Arrays.fill(shape, 1);
        shape[1] = values.numel();
        return values.reshape(shape);
    }

    /** Channel by channel: scale and bias go with the channel. */
    @Override
    public void trace(ChannelTrace trace) {
        trace.freezeAxes(0, 2, "normalises over an axis that carries channels");
        int[] channels = trace.ids(0).at(1);
        trace.tie(channels, trace.ids(1).at(0), "scales channels that cannot all be removed");
        trace.tie(channels, trace.ids(2).at(0), "shifts channels that cannot all be removed");
        trace.output(0, trace.ids(0));
        if (trace.ids(0).isFixed(0)) {
            trace.vanishing(0);
        }
    }
}
