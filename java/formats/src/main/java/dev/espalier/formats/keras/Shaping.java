package dev.espalier.formats.keras;

import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Layers that move, join or combine values without weights. */
final class Shaping {
    private Shaping() {}

    /** Keeps the order of the graph: what reads the result next knows how to take it. */
    static KerasValue flatten(LayerCall call) {
        KerasValue in = call.input();
        if (in.dims().length == 1) {
            return in;
        }
        String out = call.graph().draft().add(call.name(), "Flatten", Map.of("axis", Attribute.of(1)), in.value());
        return in.order() == Order.CHANNELS_FIRST
                ? new KerasValue(out, in.dims(), Order.FLAT_CHANNELS_FIRST)
                : new KerasValue(out, new long[] {in.elements()}, Order.KERAS);
    }

    static KerasValue reshape(LayerCall call) {
        KerasValue in = call.graph().asKeras(call.input());
        long[] target = resolve(call, call.config().numbers("target_shape"), in.elements());
        boolean single = target.length > 1 && in.dims().length == 1 && target[target.length - 1] == in.channels();
        long[] shape = new long[target.length + 1];
        if (single) { // a vector of channels becomes an image of one position
            Arrays.fill(shape, 1);
            shape[0] = 0;
            shape[1] = in.channels();
            return call.node("Reshape", Map.of("shape", Ints.of(shape)), target, Order.CHANNELS_FIRST, in.value());
        }
        System.arraycopy(target, 0, shape, 1, target.length);
        return call.node("Reshape", Map.of("shape", Ints.of(shape)), target, Order.KERAS, in.value());
    }

    private static long[] resolve(LayerCall call, long[] target, long elements) {
        long known = 1;
        int open = -1;
        for (int i = 0; i < target.length; i++) {
            if (target[i] == -1 && open < 0) {
                open = i;
            } else {
                call.config().require(target[i] > 0, "target_shape " + Arrays.toString(target) + " is not valid");
                known = Math.multiplyExact(known, target[i]);
            }
        }
        call.config()
                .require(
                        open < 0 ? known == elements : elements % known == 0,
                        "target_shape " + Arrays.toString(target) + " does not hold " + elements + " elements");
        long[] resolved = target.clone();
        if (open >= 0) {
            resolved[open] = elements / known;
        }
        return resolved;
    }

    static KerasValue permute(LayerCall call) {
        KerasValue in = call.graph().asKeras(call.input());
        long[] axes = call.config().numbers("dims");
        long[] dims = new long[axes.length];
        long[] permutation = new long[axes.length + 1];
        call.config().require(axes.length == in.dims().length, "dims must name every axis once");
        for (int i = 0; i < axes.length; i++) {
            call.config().require(axes[i] >= 1 && axes[i] <= axes.length, "dims must name every axis once");
            dims[i] = in.dims()[(int) axes[i] - 1];
            permutation[i + 1] = axes[i];
        }
        return call.node("Transpose", Map.of("perm", Ints.of(permutation)), dims, Order.KERAS, in.value());
    }

    static KerasValue zeroPadding(LayerCall call, int spatial) {
        KerasValue in = call.imageInput(spatial);
        long[] pads = borders(call, "padding", spatial);
        long[] all = new long[2 * (spatial + 2)];
        long[] dims = in.dims().clone();
        for (int i = 0; i < spatial; i++) {
            all[2 + i] = pads[2 * i];
            all[spatial + 4 + i] = pads[2 * i + 1];
            dims[i] = Math.addExact(dims[i], pads[2 * i] + pads[2 * i + 1]);
        }
        return call.node("Pad", Map.of("pads", Ints.of(all)), dims, Order.CHANNELS_FIRST, in.value());
    }

    static KerasValue cropping(LayerCall call, int spatial) {
        KerasValue in = call.imageInput(spatial);
        long[] crops = borders(call, "cropping", spatial);
        long[] starts = new long[spatial];
        long[] ends = new long[spatial];
        long[] axes = new long[spatial];
        long[] dims = in.dims().clone();
        for (int i = 0; i < spatial; i++) {
            starts[i] = crops[2 * i];
            ends[i] = dims[i] - crops[2 * i + 1];
            axes[i] = 2L + i;
            dims[i] = ends[i] - starts[i];
            call.config().require(dims[i] > 0, "nothing is left after cropping");
        }
        Map<String, Attribute> attributes =
                Map.of("starts", tensor(starts), "ends", tensor(ends), "axes", tensor(axes));
        return call.node("Slice", attributes, dims, Order.CHANNELS_FIRST, in.value());
    }

    private static TensorValue tensor(long... values) {
        return TensorValue.of(values, values.length);
    }

    /** One number, one per axis, or a beginning and an end per axis; for one axis a pair is beginning and end. */
    private static long[] borders(LayerCall call, String key, int spatial) {
        var node = call.config().settings().path(key);
        long[] borders = new long[2 * spatial];
        if (spatial == 1 && node.isArray() && node.size() == 2) {
            return call.config().sizes(key, 2, 0);
        }
        for (int i = 0; i < spatial; i++) {
            var axis = node.isArray() ? node.path(i) : node;
            for (int side = 0; side < 2; side++) {
                var number = axis.isArray() ? axis.path(side) : axis;
                call.config()
                        .require(
                                number.isInt() && number.intValue() >= 0,
                                key + " must hold whole numbers, got " + LayerConfig.shown(node));
                borders[2 * i + side] = number.intValue();
            }
        }
        return borders;
    }

    static KerasValue upSampling(LayerCall call, int spatial) {
        KerasValue in = call.imageInput(spatial);
        String interpolation = call.config().text("interpolation", "nearest");
        call.config()
                .require(
                        interpolation.equals("nearest") || interpolation.equals("bilinear"),
                        "interpolation '" + interpolation + "' is not supported");
        long[] size = call.config().sizes("size", spatial, 1);
        float[] scales = new float[spatial + 2];
        scales[0] = 1;
        scales[1] = 1;
        long[] dims = in.dims().clone();
        for (int i = 0; i < spatial; i++) {
            scales[2 + i] = size[i];
            dims[i] = Math.multiplyExact(dims[i], size[i]);
        }
        boolean nearest = interpolation.equals("nearest");
        Map<String, Attribute> attributes = Map.of(
                "scales",
                TensorValue.of(scales, scales.length),
                "mode",
                Attribute.of(nearest ? "nearest" : "linear"),
                "nearest_mode",
                Attribute.of("floor"),
                "coordinate_transformation_mode",
                Attribute.of(nearest ? "asymmetric" : "half_pixel"));
        return call.node("Resize", attributes, dims, Order.CHANNELS_FIRST, in.value());
    }

    static KerasValue concatenate(LayerCall call) {
        List<KerasValue> in = aligned(call, call.inputs());
        int rank = in.get(0).dims().length;
        int axis = call.config().integer("axis", -1);
        int at = axis < 0 ? axis + rank : axis - 1;
        call.config().require(at >= 0 && at < rank, "axis " + axis + " does not exist");
        long[] dims = in.get(0).dims().clone();
        for (KerasValue value : in.subList(1, in.size())) {
            call.config().require(value.dims().length == rank, "the inputs have different ranks");
            dims[at] = Math.addExact(dims[at], value.dims()[at]);
        }
        boolean first = in.get(0).order() == Order.CHANNELS_FIRST;
        long onnx = !first ? at + 1 : at == rank - 1 ? 1 : at + 2;
        return call.node(
                "Concat",
                Map.of("axis", Attribute.of(onnx)),
                dims,
                in.get(0).order(),
                in.stream().map(KerasValue::value).toArray(String[]::new));
    }

    /** All inputs in one layout: the channels first if any of an image's rank has them so. */
    private static List<KerasValue> aligned(LayerCall call, List<KerasValue> inputs) {
        call.config().require(!inputs.isEmpty(), "expected at least one input");
        boolean first = inputs.stream().anyMatch(value -> value.order() == Order.CHANNELS_FIRST)
                && inputs.stream()
                        .allMatch(value -> value.dims().length == inputs.get(0).dims().length);
        List<KerasValue> all = new ArrayList<>();
        for (KerasValue value : inputs) {
            all.add(
                    first && value.order() != Order.FLAT_CHANNELS_FIRST
                            ? call.graph().asChannelsFirst(value)
                            : call.graph().asKeras(value));
        }
        return all;
    }

    /** Add, Multiply and their kin, from left to right; a mean is a sum divided by the number of inputs. */
    static KerasValue combine(LayerCall call, String type, boolean mean) {
        List<KerasValue> in = aligned(call, call.inputs());
        call.config()
                .require(
                        in.size() >= 2 && (!type.equals("Sub") || in.size() == 2),
                        "expected two inputs" + (type.equals("Sub") ? "" : " or more") + ", got " + in.size());
        KerasValue sum = in.get(0);
        for (int i = 1; i < in.size(); i++) {
            KerasValue next = in.get(i);
            call.config().require(next.dims().length == sum.dims().length, "the inputs have different ranks");
            long[] dims = new long[sum.dims().length];
            for (int axis = 0; axis < dims.length; axis++) {
                dims[axis] = Math.max(sum.dims()[axis], next.dims()[axis]);
            }
            String name = i == in.size() - 1 && !mean ? call.name() : call.name() + "." + i;
            sum = new KerasValue(
                    call.graph().draft().add(name, type, Map.of(), sum.value(), next.value()), dims, sum.order());
        }
        if (!mean) {
            return sum;
        }
        String share = call.graph().draft().constant(call.name() + ".share", 1f / in.size());
        return sum.renamed(call.graph().draft().add(call.name(), "Mul", Map.of(), sum.value(), share));
    }

    /** What acts in training alone. */
    static KerasValue identity(LayerCall call) {
        return call.input();
    }
}
