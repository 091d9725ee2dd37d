package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Reads and writes the tensors of one model file. */
final class TensorProtos {
    private final Path model;
    private final ExternalData external;

    TensorProtos(Path model) {
        this.model = model;
        this.external = new ExternalData(model);
    }

    /** The constant, from raw, typed or external data. */
    TensorValue read(TensorProto proto) {
        DType dtype = ElementTypes.find(proto.getDataType())
                .orElseThrow(() -> refuse(
                        proto,
                        "has the element type " + ElementTypes.name(proto.getDataType())
                                + ", which is not supported; convert it to FLOAT"));
        if (proto.hasSegment()) {
            throw refuse(proto, "is stored in segments, which is not supported");
        }
        long[] dims = proto.getDimsList().stream().mapToLong(Long::longValue).toArray();
        long length;
        try {
            length = TensorBytes.declared(dtype, dims);
        } catch (IllegalArgumentException e) {
            throw new FormatException(model + ": tensor '" + proto.getName() + "' " + e.getMessage(), e);
        }
        Shape shape = Shape.of(dims);
        ByteBuffer bytes = bytes(proto, dtype, length);
        if (bytes.remaining() != length) {
            throw refuse(proto, "of " + dtype + " " + shape + " needs " + length + " bytes, got " + bytes.remaining());
        }
        return new TensorValue(dtype, shape, bytes);
    }

    /** The tensor with its elements as raw data. */
    static TensorProto write(String name, Tensor tensor) {
        return header(name, tensor.dtype(), tensor.shape())
                .setRawData(ByteString.copyFrom(tensor.toBytes()))
                .build();
    }

    /** The constant with its elements as raw data. */
    static TensorProto write(String name, TensorValue value) {
        return header(name, value.dtype(), value.shape())
                .setRawData(ByteString.copyFrom(value.bytes()))
                .build();
    }

    private static TensorProto.Builder header(String name, DType dtype, Shape shape) {
        TensorProto.Builder proto = TensorProto.newBuilder().setName(name).setDataType(ElementTypes.code(dtype));
        for (long dim : shape.toArray()) {
            proto.addDims(dim);
        }
        return proto;
    }

    private ByteBuffer bytes(TensorProto proto, DType dtype, long length) {
        if (proto.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
            return external.read(proto, length);
        }
        if (proto.hasRawData()) {
            return proto.getRawData().asReadOnlyByteBuffer();
        }
        return typed(proto, dtype);
    }

    /** Typed fields: 32-bit integers carry every narrower type, half precision as its bits. */
    private static ByteBuffer typed(TensorProto proto, DType dtype) {
        int count = switch (dtype) {
            case F32 -> proto.getFloatDataCount();
            case F64 -> proto.getDoubleDataCount();
            case I64 -> proto.getInt64DataCount();
            case I32, U8, BOOL, F16, BF16 -> proto.getInt32DataCount();
        };
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(count, dtype.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            switch (dtype) {
                case F32 -> bytes.putFloat(proto.getFloatData(i));
                case F64 -> bytes.putDouble(proto.getDoubleData(i));
                case I64 -> bytes.putLong(proto.getInt64Data(i));
                case I32 -> bytes.putInt(proto.getInt32Data(i));
                case F16, BF16 -> bytes.putShort((short) proto.getInt32Data(i));
                case U8, BOOL -> bytes.put((byte) proto.getInt32Data(i));
            }
        }
        return bytes.flip();
    }

    private FormatException refuse(TensorProto proto, String problem) {
        return FormatException.of(model, "tensor '" + proto.getName() + "' " + problem);
    }
}
