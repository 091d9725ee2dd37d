package dev.espalier.runtime;

/** The type of a tensor's elements. */
public enum DType {
    /** IEEE 754 binary32. */
    F32(4, 6),
    /** IEEE 754 binary64. */
    F64(8, 7),
    /** IEEE 754 binary16. */
    F16(2, 5),
    /** The upper half of a binary32. */
    BF16(2, 15),
    /** Signed 64-bit integer: indices and labels. */
    I64(8, 4),
    /** Signed 32-bit integer. */
    I32(4, 3),
    /** Unsigned 8-bit integer: pixels. */
    U8(1, 0),
    /** One byte per element, 0 or 1. */
    BOOL(1, 11);

    private final int bytes;
    private final byte code;

    /** @param code the value of {@code c10::ScalarType} */
    DType(int bytes, int code) {
        this.bytes = bytes;
        this.code = (byte) code;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** True for F32, F64, F16 and BF16. */
    public boolean isFloating() {
        return this == F32 || this == F64 || this == F16 || this == BF16;
    }

    byte code() {
        return code;
    }

    static DType fromCode(byte code) {
        for (DType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        throw new EspalierException(
                "element type: expected one of F32, F64, F16, BF16, I64, I32, U8, BOOL, got libtorch's type number "
                        + code);
    }
}
