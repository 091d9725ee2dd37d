package dev.espalier.formats.keras;

import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.op.Attribute;
import java.util.Map;

/** Keras's activation functions by name, and the layers that are nothing else. */
final class Activations {
    private Activations() {}

    static KerasValue apply(LayerCall call, String function, KerasValue in) {
        KerasGraph graph = call.graph();
        String name = call.name() + "." + function;
        return switch (function) {
            case "linear" -> in;
            case "relu" -> graph.map(name, "Relu", Map.of(), in);
            case "sigmoid" -> graph.map(name, "Sigmoid", Map.of(), in);
            case "tanh" -> graph.map(name, "Tanh", Map.of(), in);
            case "elu" -> graph.map(name, "Elu", Map.of("alpha", Attribute.of(1f)), in);
            case "selu" -> graph.map(name, "Selu", Map.of(), in);
            case "gelu" -> graph.map(name, "Gelu", Map.of(), in);
            case "exponential" -> graph.map(name, "Exp", Map.of(), in);
            case "softplus" -> graph.map(name, "Softplus", Map.of(), in);
            case "softsign" -> graph.map(name, "Softsign", Map.of(), in);
            case "leaky_relu" -> graph.map(name, "LeakyRelu", Map.of("alpha", Attribute.of(0.2f)), in);
            case "relu6" -> clip(graph, name, in, 6);
            case "swish", "silu" -> gated(graph, name, in, graph.map(name + ".gate", "Sigmoid", Map.of(), in));
            case "hard_sigmoid" -> hardSigmoid(call, name, in);
            case "hard_swish", "hard_silu" -> graph.map(name, "HardSwish", Map.of(), in);
            case "softmax" -> softmax(call, name, "Softmax", in, -1);
            case "log_softmax" -> softmax(call, name, "LogSoftmax", in, -1);
            default -> throw call.config().refuse("activation '" + function + "' is not supported");
        };
    }

    /** Keras 2 had 0.2 x + 0.5, Keras 3 has x / 6 + 0.5. */
    private static KerasValue hardSigmoid(LayerCall call, String name, KerasValue in) {
        float slope = call.legacy() ? 0.2f : 1f / 6;
        return call.graph()
                .map(name, "HardSigmoid", Map.of("alpha", Attribute.of(slope), "beta", Attribute.of(0.5f)), in);
    }

    private static KerasValue gated(KerasGraph graph, String name, KerasValue in, KerasValue gate) {
        return in.renamed(graph.draft().add(name, "Mul", Map.of(), in.value(), gate.value()));
    }

    private static KerasValue clip(KerasGraph graph, String name, KerasValue in, float top) {
        return graph.map(name, "Clip", Map.of("min", Attribute.of(0f), "max", Attribute.of(top)), in);
    }

    static KerasValue softmax(LayerCall call, String name, String type, KerasValue in, int axis) {
        call.config().require(axis == -1 || axis == in.dims().length, "only the last axis is supported, got " + axis);
        KerasValue value =
                in.order() == Order.FLAT_CHANNELS_FIRST ? call.graph().asKeras(in) : in;
        long at = value.order() == Order.CHANNELS_FIRST ? 1 : -1;
        return call.graph().map(name, type, Map.of("axis", Attribute.of(at)), value);
    }

    static KerasValue relu(LayerCall call) {
        LayerConfig config = call.config();
        KerasValue in = call.input();
        config.require(config.real("threshold", 0) == 0, "threshold must be 0");
        float slope = config.real("negative_slope", 0);
        if (slope != 0) {
            config.require(!config.has("max_value"), "max_value together with negative_slope is not supported");
            return call.graph().map(call.name(), "LeakyRelu", Map.of("alpha", Attribute.of(slope)), in);
        }
        return config.has("max_value")
                ? clip(call.graph(), call.name(), in, config.real("max_value", 6))
                : call.graph().map(call.name(), "Relu", Map.of(), in);
    }

    static KerasValue leakyRelu(LayerCall call) {
        float slope = call.config().real("negative_slope", call.config().real("alpha", 0.3));
        return call.graph().map(call.name(), "LeakyRelu", Map.of("alpha", Attribute.of(slope)), call.input());
    }

    static KerasValue elu(LayerCall call) {
        float alpha = call.config().real("alpha", 1);
        return call.graph().map(call.name(), "Elu", Map.of("alpha", Attribute.of(alpha)), call.input());
    }

    /** The slope has the input's shape without the batch, 1 where axes share it. */
    static KerasValue prelu(LayerCall call) {
        KerasValue in = call.input();
        if (in.order() == Order.FLAT_CHANNELS_FIRST) {
            in = call.graph().asKeras(in);
        }
        Array slope = call.weight(0, in.dims().length);
        if (in.order() == Order.CHANNELS_FIRST) {
            int rank = in.dims().length;
            int[] order = new int[rank];
            order[0] = rank - 1;
            for (int i = 1; i < rank; i++) {
                order[i] = i - 1;
            }
            slope = slope.transposed(order);
        }
        String parameter = call.graph().parameter(call.config(), "alpha", slope);
        return in.renamed(call.graph().draft().add(call.name(), "PRelu", Map.of(), in.value(), parameter));
    }
}
