package dev.espalier.prune;

import dev.espalier.graph.Node;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Watches runs of a graph and means, for every layer that can go, how much of what leaves it is its own: over all samples, the
 * Euclidean norm of the branch as a share of that of the sum.
 *
 * <p>What ShortGPT (Men et al., arXiv 2403.03853) calls the influence of a block is one minus the cosine of what enters and leaves,
 * which does not see a branch that only stretches; this does.
 */
public final class LayerChanges implements Execution.Observer {
    /** What was seen of one layer so far. */
    private static final class Mean {
        private double sum;
        private double samples;
    }

    private final Map<String, Layer> layers = new LinkedHashMap<>();
    private final Map<String, Mean> means = new HashMap<>();

    /** Prepares for the layers of a graph. */
    public LayerChanges(Layers layers) {
        layers.removable().forEach(layer -> this.layers.put(layer.id(), layer));
    }

    @Override
    public void observe(Node node, List<@Nullable Tensor> in, List<Tensor> out) {
        Layer layer = layers.get(node.name());
        Tensor branch = layer == null ? null : in.get(node.inputs().indexOf(layer.branch()));
        if (branch == null) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor own = lengths(branch);
            Tensor whole = lengths(out.get(0)).add(Double.MIN_NORMAL);
            Mean mean = means.computeIfAbsent(node.name(), name -> new Mean());
            mean.sum += own.div(whole).sum().item();
            mean.samples += own.numel();
        }
    }

    /** The Euclidean norm of each sample, [samples]. */
    private static Tensor lengths(Tensor value) {
        Tensor wide = value.detach().to(DType.F64);
        return wide.reshape(value.size(0), -1).square().sum(false, 1).sqrt();
    }

    /** What was seen so far, one F32 tensor [1] on the CPU per layer, in the open scope. */
    public Map<String, Tensor> result() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        means.forEach((id, mean) ->
                result.put(id, Tensor.of(new float[] {(float) (mean.sum / Math.max(1, mean.samples))}, 1)));
        return result;
    }
}
