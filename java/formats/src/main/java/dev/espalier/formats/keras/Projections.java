package dev.espalier.formats.keras;

import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.op.Attribute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Dense layers, embeddings and normalisations: layers whose weights run along the last axis. */
final class Projections {
    private Projections() {}

    /** Kernel of Keras: features, units. Features that were flattened with the channels first get their rows reordered. */
    static KerasValue dense(LayerCall call) {
        KerasValue in = call.input();
        Array kernel = call.weight(0, 2);
        boolean bias = call.config().flag("use_bias", true);
        if (in.order() != Order.FLAT_CHANNELS_FIRST && in.dims().length > 1) {
            return call.activated(alongLastAxis(call, call.graph().asKeras(in), kernel, bias));
        }
        call.requireExtent(kernel, 0, in.elements());
        long units = kernel.dims()[1];
        Array weight = in.order() == Order.FLAT_CHANNELS_FIRST
                ? kernel.reshaped(in.positions(), in.channels(), units)
                        .transposed(2, 1, 0)
                        .reshaped(units, in.elements())
                : kernel.transposed(1, 0);
        List<String> inputs =
                new ArrayList<>(List.of(in.value(), call.graph().parameter(call.config(), "kernel", weight)));
        if (bias) {
            inputs.add(call.graph().parameter(call.config(), "bias", call.weight(1, 1)));
        }
        String out = call.graph()
                .draft()
                .addAll(call.name(), "Gemm", Map.of("transB", Attribute.of(1)), inputs)
                .get(0);
        return call.activated(new KerasValue(out, new long[] {units}, Order.KERAS));
    }

    private static KerasValue alongLastAxis(LayerCall call, KerasValue in, Array kernel, boolean bias) {
        call.requireExtent(kernel, 0, in.channels());
        long[] dims = in.dims().clone();
        dims[dims.length - 1] = kernel.dims()[1];
        String weight = call.graph().parameter(call.config(), "kernel", kernel);
        if (!bias) {
            return call.node("MatMul", Map.of(), dims, Order.KERAS, in.value(), weight);
        }
        String product = call.graph().draft().add(call.name() + ".product", "MatMul", Map.of(), in.value(), weight);
        String shift = call.graph().parameter(call.config(), "bias", call.weight(1, 1));
        return call.node("Add", Map.of(), dims, Order.KERAS, product, shift);
    }

    static KerasValue embedding(LayerCall call) {
        KerasValue in = call.input();
        call.config().requireOff("mask_zero");
        Array table = call.weight(0, 2);
        long[] dims = Arrays.copyOf(in.dims(), in.dims().length + 1);
        dims[in.dims().length] = table.dims()[1];
        String weight = call.graph().parameter(call.config(), "embeddings", table);
        return call.node("Gather", Map.of("axis", Attribute.of(0)), dims, Order.KERAS, weight, in.value());
    }

    /** Over the last axis, whichever way it lies in the graph. */
    static KerasValue batchNorm(LayerCall call) {
        LayerConfig config = call.config();
        KerasValue in = call.input();
        if (in.order() == Order.KERAS) {
            in = call.graph().asChannelsFirst(in);
        }
        boolean flat = in.order() == Order.FLAT_CHANNELS_FIRST;
        requireLastAxis(call, in, flat);
        long count = flat ? in.elements() : in.channels();
        boolean scale = config.flag("scale", true);
        boolean center = config.flag("center", true);
        int learned = (scale ? 1 : 0) + (center ? 1 : 0);
        Array mean = call.weight(learned, 1);
        Array variance = call.weight(learned + 1, 1);
        call.requireExtent(mean, 0, count); // before anything of this size is filled in
        call.requireExtent(variance, 0, count);
        List<String> inputs = new ArrayList<>();
        inputs.add(in.value());
        inputs.add(vector(call, in, "gamma", scale ? call.weight(0, 1) : filled(call, count, 1)));
        inputs.add(vector(call, in, "beta", center ? call.weight(learned - 1, 1) : filled(call, count, 0)));
        inputs.add(vector(call, in, "moving_mean", mean));
        inputs.add(vector(call, in, "moving_variance", variance));
        Map<String, Attribute> attributes = Map.of(
                "epsilon",
                Attribute.of(config.real("epsilon", 1e-3)),
                "momentum",
                Attribute.of(config.real("momentum", 0.99)));
        return in.renamed(call.graph()
                .draft()
                .addAll(call.name(), "BatchNormalization", attributes, inputs)
                .get(0));
    }

    private static void requireLastAxis(LayerCall call, KerasValue in, boolean flat) {
        LayerConfig config = call.config();
        long axis = config.has("axis") ? config.numbers("axis")[0] : -1;
        int rank = flat ? 1 : in.dims().length;
        config.require(
                (config.has("axis") ? config.numbers("axis").length : 1) == 1 && (axis == -1 || axis == rank),
                "only the last axis is supported, got axis " + axis);
    }

    private static String vector(LayerCall call, KerasValue in, String role, Array values) {
        boolean flat = in.order() == Order.FLAT_CHANNELS_FIRST;
        call.requireExtent(values, 0, flat ? in.elements() : in.channels());
        Array ordered = flat
                ? values.reshaped(in.positions(), in.channels())
                        .transposed(1, 0)
                        .reshaped(in.elements())
                : values;
        return call.graph().parameter(call.config(), role, ordered);
    }

    private static Array filled(LayerCall call, long count, float value) {
        StoredWeights.charge(call, count);
        float[] values = new float[Math.toIntExact(count)];
        Arrays.fill(values, value);
        return new Array(values, new long[] {count});
    }

    static KerasValue layerNorm(LayerCall call) {
        LayerConfig config = call.config();
        KerasValue in = call.graph().asKeras(call.input());
        requireLastAxis(call, in, false);
        config.requireOff("rms_scaling");
        boolean scale = config.flag("scale", true);
        List<String> inputs = new ArrayList<>();
        inputs.add(in.value());
        inputs.add(vector(call, in, "gamma", scale ? call.weight(0, 1) : filled(call, in.channels(), 1)));
        if (config.flag("center", true)) {
            inputs.add(vector(call, in, "beta", call.weight(scale ? 1 : 0, 1)));
        }
        Map<String, Attribute> attributes =
                Map.of("axis", Attribute.of(-1), "epsilon", Attribute.of(config.real("epsilon", 1e-3)));
        return in.renamed(call.graph()
                .draft()
                .addAll(call.name(), "LayerNormalization", attributes, inputs)
                .get(0));
    }

    /** Multiplication by a number, then a shift. */
    static KerasValue rescaling(LayerCall call) {
        LayerConfig config = call.config();
        KerasValue in = call.input();
        var draft = call.graph().draft();
        String factor = draft.constant(call.name() + ".scale", config.real("scale", 1));
        float offset = config.real("offset", 0);
        if (offset == 0) {
            return in.renamed(draft.add(call.name(), "Mul", Map.of(), in.value(), factor));
        }
        String scaled = draft.add(call.name() + ".scaled", "Mul", Map.of(), in.value(), factor);
        String shift = draft.constant(call.name() + ".offset", offset);
        return in.renamed(draft.add(call.name(), "Add", Map.of(), scaled, shift));
    }

    /** (x − mean) / max(√variance, 1e-7), along the last axis; the statistics are weights, or settings of the layer. */
    static KerasValue normalization(LayerCall call) {
        LayerConfig config = call.config();
        config.requireOff("invert");
        KerasValue in = call.input();
        in = in.order() == Order.FLAT_CHANNELS_FIRST ? call.graph().asKeras(in) : in;
        requireLastAxis(call, in, false);
        Array mean = statistic(call, "mean", 0, in.channels());
        Array variance = statistic(call, "variance", 1, in.channels());
        float[] deviation = new float[variance.values().length];
        for (int i = 0; i < deviation.length; i++) {
            deviation[i] = Math.max((float) Math.sqrt(variance.values()[i]), 1e-7f);
        }
        long[] shape = {in.channels()};
        if (in.order() == Order.CHANNELS_FIRST) {
            shape = new long[in.dims().length];
            Arrays.fill(shape, 1);
            shape[0] = in.channels();
        }
        var draft = call.graph().draft();
        String center = call.graph().parameter(config, "mean", mean.reshaped(shape));
        String divisor = call.graph().parameter(config, "deviation", new Array(deviation, shape));
        String centred = draft.add(call.name() + ".centred", "Sub", Map.of(), in.value(), center);
        return in.renamed(draft.add(call.name(), "Div", Map.of(), centred, divisor));
    }

    private static Array statistic(LayerCall call, String key, int at, long channels) {
        JsonNode given = call.config().settings().path(key);
        if (!given.isArray() && !given.isNumber()) {
            Array stored = call.weight(at, 1);
            call.requireExtent(stored, 0, channels);
            return stored;
        }
        while (given.isArray() && given.size() == 1 && given.get(0).isArray()) {
            given = given.get(0);
        }
        call.config()
                .require(given.isNumber() || given.size() == channels, key + " must hold " + channels + " numbers");
        StoredWeights.charge(call, channels);
        float[] values = new float[Math.toIntExact(channels)];
        for (int i = 0; i < values.length; i++) {
            JsonNode number = given.isArray() ? given.get(i) : given;
            call.config().require(number.isNumber(), key + " must hold numbers");
            values[i] = (float) number.doubleValue();
        }
        return new Array(values, new long[] {channels});
    }
}
