package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One operator with its settings: a record that carries the ONNX name and owns every fact about the operator.
 *
 * <p>Optional inputs that are left out are {@link TensorType#ABSENT} among types and {@code null} among tensors.
 */
public interface Op {
    /** The ONNX operator name, which is also the name of the record. */
    default String type() {
        return getClass().getSimpleName();
    }

    /** The settings by ONNX attribute name, sorted; constants that ONNX passes as inputs are among them, see {@link Ops#constantInputs}. */
    Map<String, Attribute> attributes();

    /** Types of the outputs for inputs of the given types, or a {@link dev.espalier.runtime.ShapeException} that names the operator. */
    List<TensorType> infer(List<TensorType> in);

    /** Work per sample: a batch dimension of -1 counts as one. */
    default Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in, out);
    }

    /**
     * Computes the outputs in the open scope, recording autograd where gradients are enabled. An output may be an input itself
     * where the operator changes nothing.
     */
    List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in);

    /** Input positions that hold weights when they are fed by parameters: only then do multiplications count as MACs. */
    default Set<Integer> weightInputs() {
        return Set.of();
    }

    /** How the weight at one of {@link #weightInputs} is laid out, by its rank; empty where more than one of its axes is summed over. */
    default Optional<WeightAxes> weightAxes(int input, int rank) {
        return Optional.empty();
    }

    /** Input positions that hold running statistics: state that training updates in place and no gradient reaches. */
    default Set<Integer> statisticInputs() {
        return Set.of();
    }

    /**
     * The channel rule: says how the channels of the inputs become those of the outputs. Without a rule the channels that reach this
     * operator must stay.
     */
    default void trace(ChannelTrace trace) {
        trace.refuse("has no channel rule");
    }

    /**
     * This operator as it acts in the masked network if it takes no notice of what has been removed: the statistics of a normalisation
     * are those of the channels that stay. Differs from this operator only where {@link #trace} says {@link ChannelTrace#approximates}.
     */
    default Op masked(ChannelCut cut) {
        return this;
    }

    /** This operator with its settings fitted to a removal of channels, where they hold sizes. */
    default Op cut(ChannelCut cut) {
        return this;
    }
}
