package dev.espalier.formats.onnx;

import dev.espalier.formats.TensorBytes;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
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
 * <p>All nodes of a file share one budget of {@value #SLACK} bytes more than {@value #RATIO} times its own constants, so that a small
 * file cannot ask for a large memory or a long time. Operands and results cost their bytes, {@value #MACS} multiplications as much as
 * one byte.
 */
final class ConstantFolding {
    /** A weight that is brought into another form costs twice its bytes; the rest is for forms in between. */
    private static final long RATIO = 8;

    /** Room for masks and tables of positions that a file computes from nothing; results stay below the 32 MiB of docs/bad-input.md. */
    private static final long SLACK = 20L << 20;

    /** So that the slack alone is worth 1.3 billion multiplications, about a second's. */
    private static final long MACS = 64;

    private long left;

    /** For a file that takes so many bytes, without those of the constants that lie beside it. */
    ConstantFolding(long bytes) {
        left = Math.addExact(SLACK, Math.multiplyExact(RATIO, bytes));
    }

    /** The results of one application, null operands being left out. */
    List<TensorValue> evaluate(Op op, List<@Nullable TensorValue> in) {
        List<TensorType> types = new ArrayList<>();
        for (TensorValue value : in) {
            if (value != null) {
                spend(value.bytes().remaining());
            }
            types.add(value == null ? TensorType.ABSENT : new TensorType(value.dtype(), value.shape()));
        }
        List<TensorType> out = op.infer(types);
        out.forEach(type -> reserve(type.dtype(), type.shape()));
        spend(op.cost(types, out).macs() / MACS);
        spend(covered(op, out) / MACS);
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
        reserve(DType.I64, Shape.of(2L * count)); // the numbers, then their bytes
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

    /** Counts so many bytes that lie beside the file like its own. */
    void addOutside(long bytes) {
        left = Math.addExact(left, Math.multiplyExact(RATIO, bytes));
    }

    /** Elements that all windows of a pooling, or all neighbourhoods of a normalisation, visit: no multiplications with weights. */
    private static long covered(Op op, List<TensorType> out) {
        long elements = op.attributes().get("size") instanceof Attribute.Int size ? size.value() : 1;
        if (op.attributes().get("kernel_shape") instanceof Ints kernel) {
            for (long extent : kernel.toArray()) {
                elements = Math.multiplyExact(elements, extent);
            }
        }
        return Math.multiplyExact(elements, Math.max(1, out.get(0).shape().numel()));
    }

    private void reserve(DType dtype, Shape shape) {
        long bytes = dtype.bytes();
        for (long dim : shape.toArray()) {
            bytes = Math.multiplyExact(bytes, dim);
        }
        if (bytes > Integer.MAX_VALUE || shape.rank() > TensorBytes.MAX_RANK) {
            throw new IllegalArgumentException("the constants that the file calculates hold one of " + bytes
                    + " bytes and " + shape.rank() + " dimensions, expected less than 2 GiB and at most "
                    + TensorBytes.MAX_RANK + " dimensions");
        }
        spend(bytes);
    }

    private void spend(long bytes) {
        if (bytes < 0 || bytes > left) {
            throw new IllegalArgumentException("the constants that the file calculates cost another " + bytes
                    + " bytes of memory and work, expected at most " + left + "; store them in the file instead");
        }
        left -= bytes;
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
