package dev.espalier.formats.keras;

import dev.espalier.op.Attribute;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The register of Keras's layers: what each becomes in the graph. */
final class KerasLayers {
    private static final Map<String, Function<LayerCall, KerasValue>> RULES = new HashMap<>();

    static {
        for (int rank = 1; rank <= 3; rank++) {
            int spatial = rank;
            String d = rank + "D";
            RULES.put("Conv" + d, call -> Convolutions.conv(call, spatial));
            RULES.put("DepthwiseConv" + d, call -> Convolutions.depthwise(call, spatial));
            RULES.put("SeparableConv" + d, call -> Convolutions.separable(call, spatial));
            RULES.put("Conv" + d + "Transpose", call -> Convolutions.transposed(call, spatial));
            RULES.put("MaxPooling" + d, call -> Convolutions.pool(call, "MaxPool", spatial));
            RULES.put("AveragePooling" + d, call -> Convolutions.pool(call, "AveragePool", spatial));
            RULES.put("GlobalMaxPooling" + d, call -> Convolutions.globalPool(call, "GlobalMaxPool", spatial));
            RULES.put("GlobalAveragePooling" + d, call -> Convolutions.globalPool(call, "GlobalAveragePool", spatial));
            RULES.put("ZeroPadding" + d, call -> Shaping.zeroPadding(call, spatial));
            RULES.put("Cropping" + d, call -> Shaping.cropping(call, spatial));
            RULES.put("UpSampling" + d, call -> Shaping.upSampling(call, spatial));
            RULES.put("SpatialDropout" + d, Shaping::identity);
        }
        RULES.put("Dense", Projections::dense);
        RULES.put("Embedding", Projections::embedding);
        RULES.put("BatchNormalization", Projections::batchNorm);
        RULES.put("LayerNormalization", Projections::layerNorm);
        RULES.put("Rescaling", Projections::rescaling);
        RULES.put("Normalization", Projections::normalization);
        RULES.put("LSTM", Recurrences::oneWay);
        RULES.put("GRU", Recurrences::oneWay);
        RULES.put("SimpleRNN", Recurrences::oneWay);
        RULES.put("Bidirectional", Recurrences::twoWay);
        RULES.put("Activation", call -> call.activated(call.input()));
        RULES.put("ReLU", Activations::relu);
        RULES.put("LeakyReLU", Activations::leakyRelu);
        RULES.put("PReLU", Activations::prelu);
        RULES.put("ELU", Activations::elu);
        RULES.put(
                "Softmax",
                call -> Activations.softmax(
                        call,
                        call.name(),
                        "Softmax",
                        call.input(),
                        call.config().integer("axis", -1)));
        RULES.put("Flatten", Shaping::flatten);
        RULES.put("Reshape", Shaping::reshape);
        RULES.put("Permute", Shaping::permute);
        RULES.put("Concatenate", Shaping::concatenate);
        RULES.put("Add", call -> Shaping.combine(call, "Add", false));
        RULES.put("Subtract", call -> Shaping.combine(call, "Sub", false));
        RULES.put("Multiply", call -> Shaping.combine(call, "Mul", false));
        RULES.put("Maximum", call -> Shaping.combine(call, "Max", false));
        RULES.put("Minimum", call -> Shaping.combine(call, "Min", false));
        RULES.put("Average", call -> Shaping.combine(call, "Add", true));
        RULES.put("Dropout", KerasLayers::dropout);
        for (String training :
                new String[] {"GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization"}) {
            RULES.put(training, Shaping::identity);
        }
    }

    private KerasLayers() {}

    private static KerasValue dropout(LayerCall call) {
        float rate = call.config().real("rate", 0.5);
        return call.graph().map(call.name(), "Dropout", Map.of("ratio", Attribute.of(rate)), call.input());
    }

    /** Names of the layers that are read, sorted. */
    static Set<String> names() {
        return Collections.unmodifiableSet(new TreeSet<>(RULES.keySet()));
    }

    static KerasValue apply(LayerCall call) {
        Function<LayerCall, KerasValue> rule = RULES.get(call.config().className());
        if (rule == null) {
            throw call.config()
                    .refuse("this kind of layer is not supported; export the model as ONNX, or use one of " + names());
        }
        try {
            return rule.apply(call);
        } catch (ArithmeticException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw call.config().refuse("its sizes cannot be computed: " + e.getMessage());
        }
    }
}
