package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import com.google.protobuf.ByteString;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;

/** ONNX's attributes against ours. */
final class AttributeProtos {
    private AttributeProtos() {}

    /** Our value; an IllegalArgumentException names the attribute's kind where there is none. */
    static Attribute read(AttributeProto proto, TensorProtos tensors) {
        if (!proto.getRefAttrName().isEmpty()) {
            throw new IllegalArgumentException("attribute '" + proto.getName() + "' stands for '"
                    + proto.getRefAttrName() + "' of a function's caller; inline the model's functions first");
        }
        return switch (proto.getType()) {
            case INT -> Attribute.of(proto.getI());
            case FLOAT -> Attribute.of(proto.getF());
            case STRING -> Attribute.of(proto.getS().toStringUtf8());
            case INTS -> new Ints(proto.getIntsList());
            case STRINGS ->
                new Attribute.Strs(proto.getStringsList().stream()
                        .map(ByteString::toStringUtf8)
                        .toList());
            case FLOATS -> new Floats(proto.getFloatsList());
            case TENSOR -> tensors.read(proto.getT());
            default ->
                throw new IllegalArgumentException("attribute '" + proto.getName() + "' is of the kind "
                        + proto.getType() + ", which is not supported");
        };
    }

    static AttributeProto write(String name, Attribute value) {
        AttributeProto.Builder proto = AttributeProto.newBuilder().setName(name);
        if (value instanceof Attribute.Int v) {
            proto.setType(AttributeProto.AttributeType.INT).setI(v.value());
        } else if (value instanceof Attribute.Float v) {
            proto.setType(AttributeProto.AttributeType.FLOAT).setF(v.value());
        } else if (value instanceof Attribute.Str v) {
            proto.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(v.value()));
        } else if (value instanceof Ints v) {
            proto.setType(AttributeProto.AttributeType.INTS).addAllInts(v.values());
        } else if (value instanceof Attribute.Strs v) {
            proto.setType(AttributeProto.AttributeType.STRINGS);
            v.values().forEach(text -> proto.addStrings(ByteString.copyFromUtf8(text)));
        } else if (value instanceof Floats v) {
            proto.setType(AttributeProto.AttributeType.FLOATS).addAllFloats(v.values());
        } else if (value instanceof TensorValue v) {
            proto.setType(AttributeProto.AttributeType.TENSOR).setT(TensorProtos.write("", v));
        }
        return proto.build();
    }
}
