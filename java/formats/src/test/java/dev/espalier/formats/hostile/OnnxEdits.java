package dev.espalier.formats.hostile;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Damage to one field of the ONNX message: the file stays valid protobuf. */
final class OnnxEdits {
    private OnnxEdits() {}

    static byte[] apply(byte[] file, Random random) {
        try {
            ModelProto.Builder model = ModelProto.parseFrom(file).toBuilder();
            for (int i = 0, n = 1 + random.nextInt(3); i < n; i++) {
                edit(model, random, 0);
            }
            return model.build().toByteArray();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("the seed is no ONNX file", e);
        }
    }

    private static void edit(Message.Builder message, Random random, int depth) {
        List<FieldDescriptor> fields = new ArrayList<>(message.getAllFields().keySet());
        if (fields.isEmpty() || random.nextInt(12) == 0) {
            fields = message.getDescriptorForType().getFields();
        }
        FieldDescriptor field = fields.get(random.nextInt(fields.size()));
        for (FieldDescriptor candidate : fields) {
            if (depth == 0 && candidate.getName().equals("graph") && random.nextInt(8) > 0) {
                field = candidate;
            }
        }
        if (random.nextInt(20) == 0) {
            message.clearField(field);
        } else if (field.isRepeated()) {
            repeated(message, field, random, depth);
        } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            Message.Builder inner = message.getFieldBuilder(field);
            edit(inner, random, depth + 1);
        } else {
            message.setField(field, value(field, message.getField(field), random));
        }
    }

    private static void repeated(Message.Builder message, FieldDescriptor field, Random random, int depth) {
        int count = message.getRepeatedFieldCount(field);
        boolean nested = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
        if (count == 0) {
            if (!nested) {
                message.addRepeatedField(
                        field, value(field, field.getJavaType() == FieldDescriptor.JavaType.STRING ? "" : 0L, random));
            }
            return;
        }
        int at = random.nextInt(count);
        Object chosen = message.getRepeatedField(field, at);
        switch (random.nextInt(10)) {
            case 0 -> message.addRepeatedField(field, chosen);
            case 1 -> message.setRepeatedField(field, random.nextInt(count), chosen);
            case 2 -> {
                List<Object> kept = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    if (i != at) {
                        kept.add(message.getRepeatedField(field, i));
                    }
                }
                message.clearField(field);
                kept.forEach(value -> message.addRepeatedField(field, value));
            }
            case 3 -> {
                for (int i = 0, n = random.nextInt(200); i < n; i++) {
                    message.addRepeatedField(field, chosen);
                }
            }
            default -> {
                if (nested) {
                    Message.Builder inner = ((Message) chosen).toBuilder();
                    edit(inner, random, depth + 1);
                    message.setRepeatedField(field, at, inner.build());
                } else {
                    message.setRepeatedField(field, at, value(field, chosen, random));
                }
            }
        }
    }

    private static Object value(FieldDescriptor field, Object old, Random random) {
        return switch (field.getJavaType()) {
            case LONG -> ByteEdits.number(random, old instanceof Long number ? number : 3);
            case INT -> (int) ByteEdits.number(random, old instanceof Integer number ? number : 3);
            case FLOAT -> new float[] {Float.NaN, Float.POSITIVE_INFINITY, 0, -1, 1e38f}[random.nextInt(5)];
            case DOUBLE -> Double.NaN;
            case BOOLEAN -> random.nextBoolean();
            case ENUM -> any(field.getEnumType().getValues(), random);
            case STRING -> text(String.valueOf(old), random);
            case BYTE_STRING ->
                old instanceof ByteString bytes && !bytes.isEmpty() && random.nextBoolean()
                        ? bytes.substring(random.nextInt(bytes.size()))
                        : ByteString.copyFrom(new byte[random.nextInt(300)]);
            case MESSAGE -> throw new IllegalStateException("messages are edited inside");
        };
    }

    private static EnumValueDescriptor any(List<EnumValueDescriptor> values, Random random) {
        return values.get(random.nextInt(values.size()));
    }

    private static String text(String old, Random random) {
        String[] operators = {
            "Conv",
            "Gemm",
            "MatMul",
            "Reshape",
            "Concat",
            "Slice",
            "Gather",
            "Shape",
            "Expand",
            "Tile",
            "Pad",
            "Split",
            "LSTM",
            "ConstantOfShape",
            "Range",
            "Resize",
            "Transpose",
            "BatchNormalization",
            "MaxPool",
            "ConvTranspose",
            "Einsum",
            "Cast",
            "Squeeze",
            "ReduceMean",
            "Where",
            "DepthToSpace",
            "Constant"
        };
        return switch (random.nextInt(6)) {
            case 0 -> "";
            case 1 -> old + "\n\u001b[31m" + old;
            case 2 -> "y".repeat(random.nextInt(5000));
            case 3 -> "../../" + old;
            default -> operators[random.nextInt(operators.length)];
        };
    }
}
