package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** One ONNX attribute value. */
public sealed interface Attribute {
    static Attribute of(long value) {
        return new Int(value);
    }

    static Attribute of(float value) {
        return new Float(value);
    }

    static Attribute of(String value) {
        return new Str(value);
    }

    /** A whole number. */
    record Int(long value) implements Attribute {}

    /** A real number; ONNX stores single precision. */
    @SuppressWarnings("JavaLangClash") // ONNX calls it so
    record Float(float value) implements Attribute {}

    /** A text. */
    record Str(String value) implements Attribute {}

    /** A list of texts. */
    record Strs(List<String> values) implements Attribute {
        public Strs {
            values = List.copyOf(values);
        }
    }

    /** A list of whole numbers. */
    record Ints(List<Long> values) implements Attribute {
        public static final Ints NONE = new Ints(List.of());

        public Ints {
            values = List.copyOf(values);
        }

        public static Ints of(long... values) {
            return new Ints(Arrays.stream(values).boxed().toList());
        }

        /** {@code count} times the same value. */
        public static Ints repeat(long value, int count) {
            long[] all = new long[count];
            Arrays.fill(all, value);
            return of(all);
        }

        public int size() {
            return values.size();
        }

        public boolean isEmpty() {
            return values.isEmpty();
        }

        public long get(int index) {
            return values.get(index);
        }

        public long[] toArray() {
            return values.stream().mapToLong(Long::longValue).toArray();
        }

        @Override
        public String toString() {
            return values.toString();
        }
    }

    /** A list of real numbers. */
    record Floats(List<java.lang.Float> values) implements Attribute {
        public static final Floats NONE = new Floats(List.of());

        public Floats {
            values = List.copyOf(values);
        }

        /** The numbers rounded to single precision. */
        public static Floats of(double... values) {
            return new Floats(Arrays.stream(values).mapToObj(v -> (float) v).toList());
        }

        public int size() {
            return values.size();
        }

        public boolean isEmpty() {
            return values.isEmpty();
        }

        public float get(int index) {
            return values.get(index);
        }

        @Override
        public String toString() {
            return values.toString();
        }
    }

    /** A constant tensor: little-endian bytes in row-major order. */
    record TensorValue(DType dtype, Shape shape, ByteBuffer bytes) implements Attribute {
        public TensorValue {
            bytes = bytes.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
            long expected = shape.numel() * dtype.bytes();
            if (bytes.remaining() != expected) {
                throw new IllegalArgumentException("constant of type " + dtype + " and shape " + shape + " needs "
                        + expected + " bytes, got " + bytes.remaining());
            }
        }

        public static TensorValue of(float[] values, long... shape) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            return new TensorValue(DType.F32, Shape.of(shape), bytes);
        }

        public static TensorValue of(long[] values, long... shape) {
            ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asLongBuffer().put(values);
            return new TensorValue(DType.I64, Shape.of(shape), bytes);
        }

        /** The bytes, read only and positioned at the first; each call gives a view of its own. */
        @Override
        public ByteBuffer bytes() {
            return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        }

        public byte[] toBytes() {
            byte[] copy = new byte[bytes.remaining()];
            bytes().get(copy);
            return copy;
        }

        /** The values as real numbers; only F32 and F64. */
        public double[] toDoubles() {
            int count = (int) shape.numel();
            double[] values = new double[count];
            for (int i = 0; i < count; i++) {
                values[i] = switch (dtype) {
                    case F32 -> bytes.getFloat(4 * i);
                    case F64 -> bytes.getDouble(8 * i);
                    case F16 -> half(bytes.getShort(2 * i));
                    case BF16 -> java.lang.Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
                    default -> throw new IllegalArgumentException("expected a constant of real numbers, got " + dtype);
                };
            }
            return values;
        }

        /** IEEE 754 binary16: five bits of exponent, ten of significand. */
        private static double half(short bits) {
            int exponent = bits >> 10 & 0x1f;
            int significand = bits & 0x3ff;
            double magnitude = exponent == 0
                    ? Math.scalb((double) significand, -24)
                    : exponent < 31
                            ? Math.scalb((double) (significand | 0x400), exponent - 25)
                            : significand == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
            return bits < 0 ? -magnitude : magnitude;
        }

        /** The values as whole numbers; only I64, I32, U8 and BOOL. */
        public long[] toLongs() {
            int count = (int) shape.numel();
            long[] values = new long[count];
            for (int i = 0; i < count; i++) {
                values[i] = switch (dtype) {
                    case I64 -> bytes.getLong(8 * i);
                    case I32 -> bytes.getInt(4 * i);
                    case U8, BOOL -> bytes.get(i) & 0xff;
                    default -> throw new IllegalArgumentException("expected a constant of whole numbers, got " + dtype);
                };
            }
            return values;
        }

        @Override
        public String toString() {
            return dtype + shape.toString();
        }
    }
}
