package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The same numbers in another element type. */
public record Cast(DType to) implements Unary {
    /** ONNX's numbers of element types (TensorProto.DataType). */
    private static final Map<Long, DType> TYPES = Map.of(
            1L,
            DType.F32,
            11L,
            DType.F64,
            10L,
            DType.F16,
            16L,
            DType.BF16,
            7L,
            DType.I64,
            6L,
            DType.I32,
            2L,
            DType.U8,
            9L,
            DType.BOOL);

    static Cast of(Attributes a) {
        a.only("to", "saturate");
        long number = a.integer("to", 0);
        return new Cast(
                Optional.ofNullable(TYPES.get(number))
                        .orElseThrow(
                                () -> new UnsupportedOperatorException(
                                        "Cast: element type " + number
                                                + " is not supported, expected one of FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT64, INT32, UINT8, BOOL")));
    }

    @Override
    public Map<String, Attribute> attributes() {
        long number = TYPES.entrySet().stream()
                .filter(entry -> entry.getValue() == to)
                .mapToLong(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        return Attributes.none().with("to", number).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs.of(this, in, 1, 1);
        return List.of(new TensorType(to, in.get(0).shape()));
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x.dtype() == to ? x : x.to(to);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
