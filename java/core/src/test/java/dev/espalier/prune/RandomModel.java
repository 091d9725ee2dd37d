package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/** Models and masks that are random but alive: signals keep their size from layer to layer. */
final class RandomModel {
    private RandomModel() {}

    static Model of(Graph graph, long seed) {
        Random random = new Random(seed);
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            graph.parameters().forEach((name, type) -> weights.put(name, draw(name, type, random)));
            return new Model(graph, Weights.adopt(weights), Metadata.NONE);
        }
    }

    /** As {@link #of}, with running statistics that fit the masked model, so that its signals neither die nor explode. */
    static Model calibrated(ChannelGroups groups, Mask mask, long seed) {
        Graph graph = groups.graph();
        List<Node> instant = graph.nodes().stream()
                .map(n -> n.op() instanceof BatchNormalization
                        ? new Node(n.name(), new BatchNormalization(1e-5f, 0), n.inputs(), n.outputs())
                        : n)
                .toList();
        Model model = of(graph, seed);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled();
                MaskedWeights masked = MaskedWeights.of(groups, mask, Device.CPU)) {
            Map<String, Tensor> weights = new LinkedHashMap<>(model.weights().asMap());
            masked.parameters()
                    .forEach(p -> weights.put(p, model.weights().get(p).copy()));
            masked.apply(weights);
            Map<String, Tensor> inputs = Samples.normal(graph, seed).get(0);
            Execution.run(graph.with(instant, graph.parameters()), weights, inputs, new Evaluation(true));
        }
        return model;
    }

    private static Tensor draw(String name, TensorType type, Random random) {
        float[] values = new float[(int) type.numelPerSample()];
        boolean factor = name.endsWith(".scale") || name.endsWith(".variance");
        // Positive, so that no channel that a ReLU follows is dead.
        double mean = name.endsWith(".bias") && !name.contains("norm") ? 0.3 : 0;
        double spread = type.rank() > 1 ? Math.sqrt(2.0 * type.dim(0) / values.length) : 0.1;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (factor ? 0.5 + random.nextDouble() : mean + spread * random.nextGaussian());
        }
        return Tensor.of(values, type.shape().toArray());
    }

    /** Keeps {@code ceil((1 - ratio) * channels)} random channels of every prunable group. */
    static Mask mask(ChannelGroups groups, double ratio, long seed) {
        Random random = new Random(seed);
        return Mask.of(Map.of(), groups.prunable().stream().collect(Collectors.toMap(ChannelGroup::id, g -> {
            int kept = (int) Math.ceil((1 - ratio) * g.channels());
            return Kept.of(
                    g.channels(),
                    random.ints(0, g.channels()).distinct().limit(kept).toArray());
        })));
    }
}
