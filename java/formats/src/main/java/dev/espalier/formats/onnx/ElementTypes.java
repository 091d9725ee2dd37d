package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.espalier.runtime.DType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** ONNX's element types against ours. */
final class ElementTypes {
    private static final Map<DType, DataType> CODES = new EnumMap<>(Map.of(
            DType.F32, DataType.FLOAT,
            DType.F64, DataType.DOUBLE,
            DType.F16, DataType.FLOAT16,
            DType.BF16, DataType.BFLOAT16,
            DType.I64, DataType.INT64,
            DType.I32, DataType.INT32,
            DType.U8, DataType.UINT8,
            DType.BOOL, DataType.BOOL));

    private ElementTypes() {}

    /** The number that stands for {@code dtype} in the file. */
    static int code(DType dtype) {
        DataType type = CODES.get(dtype);
        if (type == null) {
            throw new IllegalArgumentException("ONNX has no element type for " + dtype);
        }
        return type.getNumber();
    }

    /** Our type, or empty for those that tensors here cannot have. */
    static Optional<DType> find(int code) {
        return CODES.entrySet().stream()
                .filter(entry -> entry.getValue().getNumber() == code)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** ONNX's own name of a type, for messages. */
    static String name(int code) {
        DataType type = DataType.forNumber(code);
        return type == null ? "number " + code : type.name();
    }
}
