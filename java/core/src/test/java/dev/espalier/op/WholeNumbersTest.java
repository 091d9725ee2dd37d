package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Operators on whole numbers give whole numbers of the same type, as ONNX says. */
@NoLeaks
class WholeNumbersTest {
    private static final TensorType LONGS = new TensorType(DType.I64, Shape.of(4));

    private static Tensor longs(long... values) {
        return Tensor.of(values, values.length);
    }

    private static long[] run(Op op, Tensor... in) {
        Tensor y = op.evaluate(Evaluation.INFERENCE, List.of(in)).get(0);
        assertThat(y.dtype()).as(op.type()).isEqualTo(in[0].dtype());
        return y.to(DType.I64).toLongArray();
    }

    @Test
    void quotientsAreCutTowardsZero() {
        try (Scope scope = Scope.open()) {
            assertThat(run(new Div(), longs(7, -7, 7, -7), longs(2, 2, -2, -2))).containsExactly(3, -3, -3, 3);
            // F32 would lose the last digits.
            assertThat(run(new Div(), longs((1L << 40) + 1), longs(1))).containsExactly((1L << 40) + 1);
            assertThat(run(new Div(), longs(9).to(DType.I32), longs(4).to(DType.I32)))
                    .containsExactly(2);
        }
    }

    @Test
    void powersTakeRealExponents() {
        try (Scope scope = Scope.open()) {
            assertThat(run(new Pow(), longs(9, 16), Tensor.of(new float[] {0.5f, 0.5f}, 2)))
                    .containsExactly(3, 4);
            assertThat(run(new Pow(), longs(9), Tensor.scalar(0.5))).containsExactly(3);
        }
    }

    @Test
    void sumsKeepTheirType() {
        try (Scope scope = Scope.open()) {
            Tensor x = longs(1, 2, 3).to(DType.I32);
            for (Reduction.Kind kind : List.of(Reduction.Kind.SUM, Reduction.Kind.PROD)) {
                assertThat(run(new Reduction(kind, Ints.of(0), false, false), x))
                        .containsExactly(6);
            }
        }
    }

    @Test
    void signsAndBoundsAreForWholeNumbersToo() {
        try (Scope scope = Scope.open()) {
            Tensor x = longs(-3, 0, 2, 9);
            assertThat(run(Pointwise.of("abs"), x)).containsExactly(3, 0, 2, 9);
            assertThat(run(Pointwise.of("neg"), x)).containsExactly(3, 0, -2, -9);
            assertThat(run(Pointwise.of("sign"), x)).containsExactly(-1, 0, 1, 1);
            assertThat(run(new Relu(), x)).containsExactly(0, 0, 2, 9);
            assertThat(run(new Clip(-1, 4), x)).containsExactly(-1, 0, 2, 4);
            // "To the end" of a type, which is no float, limits nothing.
            assertThat(run(new Clip(0, Long.MAX_VALUE), longs(-1, (1L << 62) + 1)))
                    .containsExactly(0, (1L << 62) + 1);
            assertThat(run(new Clip(Integer.MIN_VALUE, Integer.MAX_VALUE), x.to(DType.I32)))
                    .containsExactly(-3, 0, 2, 9);
            assertThat(run(new Clip(-5, 300), longs(0, 200).to(DType.U8))).containsExactly(0, 200);
        }
        for (Op op : List.of(Pointwise.of("abs"), new Relu(), new Clip(0, 6))) {
            assertThat(op.infer(List.of(LONGS))).containsExactly(LONGS);
            assertThatThrownBy(() -> op.infer(List.of(new TensorType(DType.BOOL, Shape.of(4)))))
                    .isInstanceOf(ShapeException.class);
        }
        assertThatThrownBy(() -> Pointwise.of("exp").infer(List.of(LONGS))).isInstanceOf(ShapeException.class);
    }

    /** 6 is 1.5 * 2^2; the smallest number of binary16 is 2^-24. */
    @Test
    void boundsOfHalfPrecisionAreRead() {
        ByteBuffer six = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort((short) 0x4600);
        TensorValue max = new TensorValue(DType.F16, Shape.of(), six.flip());
        assertThat(Ops.create("Clip", Map.of("max", max))).isEqualTo(new Clip(Float.NEGATIVE_INFINITY, 6));
        short[] bits = {0x0001, (short) 0x8001, 0x3c00, (short) 0xfc00, 0x7bff};
        ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(bits);
        assertThat(new TensorValue(DType.F16, Shape.of(5), bytes).toDoubles())
                .containsExactly(0x1p-24, -0x1p-24, 1, Double.NEGATIVE_INFINITY, 65504);
        ByteBuffer half = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort((short) 0xc040);
        assertThat(new TensorValue(DType.BF16, Shape.of(1), half.flip()).toDoubles())
                .containsExactly(-3);
    }

    @Test
    void theFirstOfEqualsComesFirst() {
        try (Scope scope = Scope.open()) {
            float[] values = new float[300];
            List<Tensor> best =
                    new TopK(Ints.of(5), 0, true).evaluate(Evaluation.INFERENCE, List.of(Tensor.of(values, 300)));
            assertThat(best.get(1).toLongArray()).containsExactly(0, 1, 2, 3, 4);
            List<Tensor> least = new TopK(Ints.of(3), -1, false)
                    .evaluate(Evaluation.INFERENCE, List.of(Tensor.of(new float[] {2, 1, 2, 1, 1}, 5)));
            assertThat(least.get(1).toLongArray()).containsExactly(1, 3, 4);
            assertThat(least.get(0).toFloatArray()).containsExactly(1, 1, 1);
        }
    }
}
