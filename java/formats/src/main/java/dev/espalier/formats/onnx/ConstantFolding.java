package dev.espalier.formats.onnx;

import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Op;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates the nodes of a file whose operands are all constants, through the operators themselves.
 *
 * <p>All results together may take {@value #SLACK} bytes more than {@value #RATIO} times the file's own constants, and one node may
 * take {@value #MOST_MACS} multiplications, so that a small file cannot ask for a large memory or a long time.
 */
final class ConstantFolding {
    private static final long RATIO = 8;
    private static final long SLACK = 1L << 26;
    private static final long MOST_MACS = 1L << 32;

    private long left;

    /** For a file whose own constants take so many bytes. */
    ConstantFolding(long bytes) {
        left = Math.addExact(SLACK, Math.multiplyExact(RATIO, bytes));
    }

    /** The results of one application, null operands being left out. */
    List<TensorValue> evaluate(Op op, List<@Nullable TensorValue> in) {
        List<TensorType> types = new ArrayList<>();
        for (TensorValue value : in) {
            types.add(value == null ? TensorType.ABSENT : new TensorType(value.dtype(), value.shape()));
        }
        List<TensorType> out = op.infer(types);
        out.forEach(type -> reserve(type.dtype(), type.shape()));
        if (op.cost(types, out).macs() > MOST_MACS) {
            throw new IllegalArgumentException("takes more than " + MOST_MACS + " multiplications of constants");
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<@Nullable Tensor> tensors = new ArrayList<>();
            for (TensorValue value : in) {
                tensors.add(value == null ? null : tensor(value));
            }
            return op.evaluate(Evaluation.INFERENCE, tensors).stream()
                    .map(ConstantFolding::value)
                    .toList();
        }
    }

    /** ONNX's ConstantOfShape: one number, without one the F32 zero, all over a shape. */
    TensorValue filled(long[] shape, @Nullable Attribute number) {
        TensorValue one = number instanceof TensorValue given ? given : TensorValue.of(new float[1]);
        if (one.shape().numel() != 1) {
            throw new IllegalArgumentException("value must hold one number, got " + one);
        }
        Shape all = Shape.of(shape);
        reserve(one.dtype(), all);
        byte[] element = one.toBytes();
        byte[] bytes = new byte[Math.toIntExact(all.numel() * element.length)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = element[i % element.length];
        }
        return new TensorValue(one.dtype(), all, ByteBuffer.wrap(bytes));
    }

    /** ONNX's Range: start, start + delta, … below the limit. */
    TensorValue range(TensorValue start, TensorValue limit, TensorValue delta) {
        boolean whole = !start.dtype().isFloating();
        double from = number(start);
        double step = number(delta);
        double exact = Math.ceil((number(limit) - from) / step);
        if (step == 0 || Double.isNaN(exact) || exact > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "Range from " + from + " to " + number(limit) + " by " + step + " has no end");
        }
        int count = (int) Math.max(exact, 0);
        reserve(DType.I64, Shape.of(count));
        long[] numbers = new long[whole ? count : 0];
        float[] reals = new float[whole ? 0 : count];
        for (int i = 0; i < count; i++) {
            if (whole) {
                numbers[i] = (long) from + i * (long) step;
            } else {
                reals[i] = (float) (from + i * step);
            }
        }
        return whole ? integers(start.dtype(), numbers) : TensorValue.of(reals, count);
    }

    private static TensorValue integers(DType dtype, long[] numbers) {
        if (dtype == DType.I64) {
            return TensorValue.of(numbers, numbers.length);
        }
        if (dtype != DType.I32) {
            throw new IllegalArgumentException("numbers must be of type I64, I32 or F32, got " + dtype);
        }
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long number : numbers) {
            bytes.putInt((int) number);
        }
        return new TensorValue(dtype, Shape.of(numbers.length), bytes.flip());
    }

    private static double number(TensorValue value) {
        if (value.shape().numel() != 1) {
            throw new IllegalArgumentException("expected one number, got " + value);
        }
        return value.dtype().isFloating() ? value.toDoubles()[0] : value.toLongs()[0];
    }

    private void reserve(DType dtype, Shape shape) {
        long bytes = dtype.bytes();
        for (long dim : shape.toArray()) {
            bytes = Math.multiplyExact(bytes, dim);
        }
        left -= bytes;
        if (bytes < 0 || left < 0 || bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "the constants that the file calculates take far more memory than those that it holds");
        }
    }

    static Tensor tensor(TensorValue value) {
        Tensor tensor = Tensor.empty(value.dtype(), Device.CPU, value.shape().toArray());
        if (tensor.numel() > 0) {
            tensor.byteBuffer().put(value.bytes());
        }
        return tensor;
    }

    private static TensorValue value(Tensor tensor) {
        return new TensorValue(tensor.dtype(), tensor.shape(), ByteBuffer.wrap(tensor.toBytes()));
    }
}
