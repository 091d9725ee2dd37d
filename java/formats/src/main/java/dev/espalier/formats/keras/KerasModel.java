package dev.espalier.formats.keras;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.GraphDraft;
import dev.espalier.formats.TensorBytes;
import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Provenance;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Builds the graph of one Sequential or Functional model from its configuration. */
final class KerasModel {
    private static final int MAX_LAYERS = 10_000;
    private static final int MAX_DEPTH = 100;

    private final Path file;
    private final JsonNode config;
    private final String version;
    private final KerasGraph graph;
    private final GraphDraft draft;
    private final Map<String, LayerConfig> layers = new LinkedHashMap<>();
    private final Map<String, List<Array>> weights = new HashMap<>();
    /** By layer, number of its use and number of its output. */
    private final Map<String, KerasValue> values = new HashMap<>();

    KerasModel(Path file, JsonNode config, String version) {
        this.file = file;
        this.config = config;
        this.version = version;
        this.draft = new GraphDraft(file, config.path("name").asString("model"));
        this.graph = new KerasGraph(draft);
    }

    /** Reads a model of this class. */
    Model read(String className, StoredWeights stored) {
        JsonNode list = config.path("layers");
        if (!list.isArray() || list.isEmpty() || list.size() > MAX_LAYERS) {
            throw FormatException.of(
                    file, "expected a list of 1 to " + MAX_LAYERS + " layers, got " + LayerConfig.shown(list));
        }
        for (JsonNode node : list) {
            LayerConfig layer = new LayerConfig(file, node.path("class_name").asString(""), node.path("config"));
            if (layers.put(layer.name(), layer) != null) {
                throw FormatException.of(file, "two layers are named '" + layer.name() + "'");
            }
            weights.put(layer.name(), stored.next(layer));
        }
        switch (className) {
            case "Sequential" -> sequential();
            case "Functional", "Model" -> functional(list);
            default ->
                throw FormatException.of(
                        file,
                        "the model is a '" + className
                                + "'; Sequential and Functional models are read: export others as ONNX");
        }
        Metadata metadata = Metadata.NONE.withProvenance(Provenance.UNKNOWN.with("source", "Keras " + version));
        return draft.build(metadata);
    }

    private void sequential() {
        KerasValue value = null;
        for (LayerConfig layer : layers.values()) {
            if (value == null) {
                value = input(layer, embedsNext(layer));
                if (layer.className().equals("InputLayer")) {
                    continue;
                }
            }
            value = apply(layer, List.of(value));
        }
        if (value != null) {
            output(value);
        }
    }

    /** Whether the input of a Sequential model is a list of numbers of words. */
    private boolean embedsNext(LayerConfig first) {
        return layers.values().stream()
                .filter(layer -> !layer.className().equals("InputLayer"))
                .findFirst()
                .orElse(first)
                .className()
                .equals("Embedding");
    }

    private KerasValue input(LayerConfig layer, boolean whole) {
        String key = layer.has("batch_shape") ? "batch_shape" : "batch_input_shape";
        JsonNode shape = layer.settings().path(key);
        layer.require(
                shape.isArray() && shape.size() >= 1 && shape.size() <= TensorBytes.MAX_RANK,
                "expected the shape of the input, got " + LayerConfig.shown(shape)
                        + "; build the model before saving it");
        long[] dims = new long[shape.size() - 1];
        for (int i = 0; i < dims.length; i++) {
            JsonNode dim = shape.get(i + 1);
            layer.require(
                    dim.isInt() && dim.intValue() > 0,
                    "leaves dimension " + (i + 1) + " of the input open (" + dim
                            + "); only dimension 0, the batch, may be: build the model with a fixed size");
            dims[i] = dim.intValue();
        }
        boolean image = dims.length >= 3;
        long[] type = new long[dims.length + 1];
        type[0] = -1;
        for (int i = 0; i < dims.length; i++) {
            int from = !image ? i : i == 0 ? dims.length - 1 : i - 1;
            type[i + 1] = dims[from];
        }
        String value = draft.input(
                layer.className().equals("InputLayer") ? layer.name() : "input",
                new TensorType(whole ? DType.I64 : DType.F32, Shape.of(type)));
        return new KerasValue(value, dims, image ? Order.CHANNELS_FIRST : Order.KERAS);
    }

    private KerasValue apply(LayerConfig layer, List<KerasValue> inputs) {
        boolean legacy = version.startsWith("2") || version.startsWith("1");
        return KerasLayers.apply(
                new LayerCall(graph, layer, inputs, weights.getOrDefault(layer.name(), List.of()), legacy));
    }

    /** A result: images stay channels first, all else is as Keras has it. */
    private void output(KerasValue value) {
        KerasValue result = value.dims().length < 3 || value.order() == Order.FLAT_CHANNELS_FIRST
                ? graph.asKeras(value)
                : graph.asChannelsFirst(value);
        draft.output(result.value());
    }

    /** One use of a layer: the values that it waits for, by their place in the model. */
    private record Use(LayerConfig layer, int number, List<String> inputs) {}

    private void functional(JsonNode list) {
        List<Use> uses = uses(list);
        Map<String, List<Use>> waiting = new HashMap<>();
        // By identity: the hash of a use would walk the whole configuration of its layer.
        IdentityHashMap<Use, Integer> missing = new IdentityHashMap<>();
        Deque<Use> ready = new ArrayDeque<>();
        for (Use use : uses) {
            missing.put(use, use.inputs().size());
            use.inputs()
                    .forEach(input -> waiting.computeIfAbsent(input, key -> new ArrayList<>())
                            .add(use));
            if (use.inputs().isEmpty()) {
                ready.add(use);
            }
        }
        while (!ready.isEmpty()) {
            Use use = ready.remove();
            String place = place(use.layer().name(), use.number());
            List<Use> next = waiting.getOrDefault(place, List.of());
            values.put(place, value(use, next));
            for (Use waiter : next) {
                if (missing.merge(waiter, -1, Integer::sum) == 0) {
                    ready.add(waiter);
                }
            }
        }
        List<String> outputs = new ArrayList<>();
        histories(config.path("output_layers"), outputs, 0);
        if (outputs.isEmpty()) {
            throw FormatException.of(file, "the model names no outputs");
        }
        outputs.forEach(output -> output(value("the model's output", output)));
    }

    private KerasValue value(Use use, List<Use> next) {
        if (use.layer().className().equals("InputLayer")) {
            return input(
                    use.layer(),
                    next.stream().anyMatch(user -> user.layer().className().equals("Embedding")));
        }
        use.layer().require(!use.inputs().isEmpty(), "has no input");
        return apply(
                use.layer(),
                use.inputs().stream().map(input -> value("a layer", input)).toList());
    }

    private KerasValue value(String user, String place) {
        KerasValue value = values.get(place);
        if (value == null) {
            throw FormatException.of(file, user + " needs output " + place + ", which nothing computes");
        }
        return value;
    }

    private List<Use> uses(JsonNode list) {
        List<Use> uses = new ArrayList<>();
        for (JsonNode node : list) {
            LayerConfig layer =
                    layers.get(new LayerConfig(file, node.path("class_name").asString(""), node.path("config")).name());
            if (layer == null) {
                continue;
            }
            JsonNode nodes = node.path("inbound_nodes");
            if (nodes.isEmpty()) {
                uses.add(new Use(layer, 0, List.of()));
            }
            for (int i = 0; i < nodes.size(); i++) {
                List<String> inputs = new ArrayList<>();
                JsonNode inbound = nodes.get(i);
                if (inbound.isObject()) {
                    requireTensors(layer, inbound.path("args"), 0);
                    requireUnset(layer, inbound.path("kwargs"));
                } else {
                    inbound.forEach(triple -> requireUnset(layer, triple.path(3)));
                    requireUnset(layer, inbound.path(3));
                }
                histories(inbound.isObject() ? inbound.path("args") : inbound, inputs, 0);
                uses.add(new Use(layer, i, inputs.stream().toList()));
            }
        }
        return uses;
    }

    /** Keras stores the numbers in {@code 2 * x} beside the tensors. */
    private static void requireTensors(LayerConfig layer, JsonNode args, int depth) {
        for (JsonNode arg : args) {
            boolean tensor = arg.isObject() && arg.path("config").has("keras_history");
            layer.require(
                    tensor || arg.isNull() || (arg.isArray() && depth < 1),
                    "is called with " + LayerConfig.shown(arg) + " beside tensors, which is not supported");
            if (arg.isArray()) {
                requireTensors(layer, arg, depth + 1);
            }
        }
    }

    /** Arguments by name, such as masks and initial states, say nothing only if they are null, or training is false. */
    private static void requireUnset(LayerConfig layer, JsonNode named) {
        for (Map.Entry<String, JsonNode> argument : named.properties()) {
            JsonNode value = argument.getValue();
            boolean inference = argument.getKey().equals("training") && value.isBoolean() && !value.booleanValue();
            layer.require(
                    value.isNull() || inference,
                    "is called with " + argument.getKey() + " = " + LayerConfig.shown(value)
                            + ", which is not supported; pass tensors by position");
        }
    }

    /** Gathers [layer, use, output] triples in the order in which they stand, however they are nested. */
    private void histories(JsonNode node, List<String> found, int depth) {
        if (depth > MAX_DEPTH || found.size() > MAX_LAYERS) {
            throw FormatException.of(file, "the connections of the layers are nested too deeply");
        }
        if (node.isObject()) {
            histories(node.path("config").path("keras_history"), found, depth + 1);
        } else if (node.isArray()
                && node.size() >= 3
                && node.get(0).isString()
                && node.get(1).isInt()) {
            if (node.get(2).asInt(-1) != 0) {
                throw FormatException.of(
                        file,
                        "layer '" + node.get(0).stringValue()
                                + "' is asked for a second output, which is not supported");
            }
            found.add(place(node.get(0).stringValue(), node.get(1).intValue()));
        } else if (node.isArray()) {
            node.forEach(child -> histories(child, found, depth + 1));
        }
    }

    private static String place(String layer, int use) {
        return "'" + layer + "' (" + use + ")";
    }
}
