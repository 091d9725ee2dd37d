package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Normalises each channel of x [n, c, …] and applies scale and bias [c]; inputs 3 and 4 are the running mean and variance [c].
 *
 * <p>In training the batch's own statistics are used, and the running ones become {@code momentum * old + (1 - momentum) * batch}
 * in place, the variance of the batch counted without bias as libtorch does.
 */
public record BatchNormalization(float epsilon, float momentum) implements Op {
    public BatchNormalization {
        if (!(epsilon > 0) || !(momentum >= 0 && momentum <= 1)) {
            throw new IllegalArgumentException(
                    "BatchNormalization: epsilon must be positive and momentum in [0, 1], got " + epsilon + " and "
                            + momentum);
        }
    }

    static BatchNormalization of(Attributes a) {
        a.only("epsilon", "momentum", "training_mode", "spatial")
                .mustBe("training_mode", 0)
                .mustBe("spatial", 1);
        return new BatchNormalization(a.real("epsilon", 1e-5f), a.real("momentum", 0.9f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("epsilon", epsilon)
                .with("momentum", momentum)
                .asMap();
    }

    @Override
    public Set<Integer> statisticInputs() {
        return Set.of(3, 4);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 5, 5);
        inputs.floating();
        inputs.rank(0, 2, Integer.MAX_VALUE);
        long channels = inputs.shape(0).dim(1);
        inputs.vector(1, channels, "scale");
        inputs.vector(2, channels, "bias");
        inputs.vector(3, channels, "running mean");
        inputs.vector(4, channels, "running variance");
        return List.of(in.get(0));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        if (context.training() && x.numel() == x.size(1)) {
            throw new ShapeException(
                    "BatchNormalization: training needs more than one value of each channel to take a variance"
                            + " from, got an input of shape " + x.shape()
                            + "; choose a batch size that leaves no single sample for the last batch");
        }
        return List.of(Nn.batchNorm(
                x,
                Inputs.present(in.get(1)),
                Inputs.present(in.get(2)),
                Inputs.present(in.get(3)),
                Inputs.present(in.get(4)),
                context.training(),
                1.0 - momentum,
                epsilon));
    }

    /** Channel by channel: scale, bias and statistics go with the channel. */
    @Override
    public void trace(ChannelTrace trace) {
        int[] channels = trace.ids(0).at(1);
        for (int input = 1; input <= 4; input++) {
            trace.tie(channels, trace.ids(input).at(0), "normalises channels that cannot all be removed");
        }
        trace.output(0, trace.ids(0));
        if (trace.ids(0).without(1).isFixed()) {
            trace.vanishing(0);
        }
    }
}
