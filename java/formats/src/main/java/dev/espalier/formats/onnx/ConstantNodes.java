package dev.espalier.formats.onnx;

import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/** Values of Constant nodes, which ONNX lets one write in several ways. */
final class ConstantNodes {
    private ConstantNodes() {}

    /** The tensor, or empty if the node holds something else (sparse tensors, texts). */
    static Optional<TensorValue> value(Map<String, Attribute> attributes) {
        if (attributes.size() != 1) {
            return Optional.empty();
        }
        String name = attributes.keySet().iterator().next();
        Attribute value = attributes.values().iterator().next();
        if (name.equals("value") && value instanceof TensorValue tensor) {
            return Optional.of(tensor);
        }
        if (name.equals("value_float") && value instanceof Attribute.Float number) {
            return Optional.of(TensorValue.of(new float[] {number.value()}));
        }
        if (name.equals("value_int") && value instanceof Attribute.Int number) {
            return Optional.of(TensorValue.of(new long[] {number.value()}));
        }
        if (name.equals("value_ints") && value instanceof Ints numbers) {
            return Optional.of(TensorValue.of(numbers.toArray(), numbers.size()));
        }
        if (name.equals("value_floats") && value instanceof Floats numbers) {
            float[] values = new float[numbers.values().size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = numbers.values().get(i);
            }
            return Optional.of(TensorValue.of(values, values.length));
        }
        return Optional.empty();
    }

    /** Whether all numbers are finite: masks of attention, for one, are not. */
    static boolean isFinite(TensorValue value) {
        ByteBuffer bytes = value.bytes();
        while (bytes.hasRemaining()) {
            boolean finite = switch (value.dtype()) {
                case F32 -> Float.isFinite(bytes.getFloat());
                case F64 -> Double.isFinite(bytes.getDouble());
                default -> {
                    bytes.position(bytes.limit());
                    yield true;
                }
            };
            if (!finite) {
                return false;
            }
        }
        return true;
    }

    /** Whether all bits are zero, which is the number zero in every type. */
    static boolean isZero(TensorValue value) {
        ByteBuffer bytes = value.bytes();
        while (bytes.remaining() >= Long.BYTES) {
            if (bytes.getLong() != 0) {
                return false;
            }
        }
        while (bytes.hasRemaining()) {
            if (bytes.get() != 0) {
                return false;
            }
        }
        return true;
    }
}
