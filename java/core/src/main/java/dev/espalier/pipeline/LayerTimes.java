package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of each layer on a device, taken alone on made-up weights and only when its shape is met for the first time.
 *
 * <p>The sum over a graph leaves out what neighbours do to each other and counts the call of a session once per layer: it orders
 * graphs of one kind well, but only a run of the whole tells their time.
 */
final class LayerTimes {
    private static final Logger LOG = LoggerFactory.getLogger(LayerTimes.class);
    private static final int WARM_UP = 2;
    private static final int LEAST_RUNS = 5;
    private static final int MOST_RUNS = 25;
    /** Once the runs of one layer have taken this long, no further one begins. */
    private static final long LIMIT_NANOS = 30_000_000;

    private final Device device;
    private final int batch;
    /** Nodes that a session does not fold into others. */
    private final Set<String> carriedOut;

    private final Map<String, Double> millis = new HashMap<>();

    /** @param whole the model whose layers will be made narrower */
    LayerTimes(Model whole, Device device, int batch) {
        this.device = device;
        this.batch = batch;
        try (Session session = Session.of(whole, device, batch)) {
            this.carriedOut = session.graph().nodes().stream().map(Node::name).collect(Collectors.toSet());
        }
    }

    /** The sum over the layers of a graph whose nodes are the model's, of whatever widths. */
    double millis(Graph graph) {
        return graph.nodes().stream()
                .filter(node -> carriedOut.contains(node.name()))
                .mapToDouble(node -> millis.computeIfAbsent(key(graph, node), key -> timed(graph, node)))
                .sum();
    }

    /** How many shapes were timed. */
    int measured() {
        return millis.size();
    }

    private static String key(Graph graph, Node node) {
        return node.op() + " on "
                + node.inputs().stream()
                        .map(value -> value.isEmpty()
                                ? "-"
                                : graph.type(value) + (graph.parameters().containsKey(value) ? " weight" : ""))
                        .collect(Collectors.joining(", "));
    }

    /** Nothing for what cannot run alone: the race of whole models corrects it. */
    private double timed(Graph graph, Node node) {
        Graph alone = alone(graph, node);
        if (alone.inputs().isEmpty()) {
            return 0;
        }
        try (Scope scope = Scope.open();
                Model layer = new Model(alone, weights(alone), Metadata.NONE);
                Session session = Session.of(layer, device, batch)) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            alone.inputs().forEach((name, type) -> {
                Tensor made = made(type).to(device);
                inputs.put(name, made.rank() == 4 ? made.channelsLast() : made);
            });
            return fastest(session, inputs);
        } catch (EspalierException e) {
            LOG.debug("node '{}' counts as nothing, it cannot be timed alone: {}", node.name(), e.toString());
            return 0;
        }
    }

    /** The layer as a graph whose inputs hold the batch, wherever they have it. */
    private Graph alone(Graph graph, Node node) {
        Graph.Builder builder = Graph.builder(node.name());
        node.inputs().stream().filter(value -> !value.isEmpty()).distinct().forEach(value -> {
            if (graph.parameters().containsKey(value)) {
                builder.parameter(value, graph.type(value));
            } else {
                builder.input(value, graph.type(value).forSamples(batch));
            }
        });
        builder.node(node);
        node.outputs().stream().filter(value -> !value.isEmpty()).forEach(builder::output);
        return builder.build();
    }

    private Weights weights(Graph layer) {
        Map<String, Tensor> made = new LinkedHashMap<>();
        layer.parameters().forEach((name, type) -> made.put(name, made(type)));
        return Weights.adopt(made);
    }

    /** Equal numbers whose sum over all but the first axis is 1, so that nothing overflows; zeros where they look something up. */
    private Tensor made(TensorType type) {
        long[] shape = type.shape().toArray();
        long perRow = Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
        return Tensor.full(type.dtype().isFloating() ? 1.0 / Math.max(1, perRow) : 0, type.dtype(), Device.CPU, shape);
    }

    /** Milliseconds of the fastest run: whatever else the machine does only adds, and one long wait would outweigh all layers. */
    private static double fastest(Session session, Map<String, Tensor> inputs) {
        long least = Long.MAX_VALUE;
        long begun = System.nanoTime();
        for (int i = -WARM_UP; i < MOST_RUNS; i++) {
            if (i >= LEAST_RUNS && System.nanoTime() - begun > LIMIT_NANOS) {
                break;
            }
            long start = System.nanoTime();
            try (Scope run = Scope.open()) {
                session.run(inputs).values().forEach(LayerTimes::awaited);
            }
            least = Math.min(least, System.nanoTime() - start);
        }
        return least / 1e6;
    }

    /** A GPU computes after the call has returned; reading one number waits for it. */
    private static void awaited(Tensor output) {
        if (output.device().isCuda() && output.numel() > 0) {
            Tensor first = output;
            for (int axis = 0; axis < output.rank(); axis++) {
                first = first.narrow(axis, 0, 1);
            }
            first.toBytes();
        }
    }
}
