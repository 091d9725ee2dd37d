package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Values worked out by hand, or from the defining formula, for the operators that do not slide a window. */
@NoLeaks
class ValueTest {
    private static final float[] POINTS = {-7, -3, -2.5f, -1, -0.5f, -0.1f, 0, 0.1f, 0.5f, 1, 2.5f, 3, 7};

    static Stream<Arguments> formulas() {
        return Stream.of(
                formula(new Relu(), x -> Math.max(x, 0)),
                formula(new LeakyRelu(0.1f), x -> x > 0 ? x : 0.1f * x),
                formula(new Clip(-1, 2), x -> Math.min(Math.max(x, -1), 2)),
                formula(new Clip(0, Float.POSITIVE_INFINITY), x -> Math.max(x, 0)),
                formula(new Sigmoid(), x -> 1 / (1 + Math.exp(-x))),
                formula(new Tanh(), Math::tanh),
                formula(new HardSwish(), x -> x * Math.min(Math.max(x / 6 + 0.5, 0), 1)),
                formula(new HardSigmoid(0.2f, 0.5f), x -> Math.min(Math.max(0.2f * x + 0.5, 0), 1)),
                formula(new Elu(0.7f), x -> x > 0 ? x : 0.7f * Math.expm1(x)),
                formula(
                        new Gelu(true),
                        x -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
                formula(new Gelu(false), x -> x * normalDistribution(x)),
                formula(new Identity(), x -> x),
                formula(new Dropout(0.5f), x -> x));
    }

    private static Arguments formula(Op op, DoubleUnaryOperator f) {
        return Arguments.of(op, f);
    }

    /** Simpson's rule over [-12, x]; its error is far below single precision for 4800 steps. */
    private static double normalDistribution(double x) {
        int steps = 4800;
        double h = (x + 12) / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            double t = -12 + i * h;
            double weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.exp(-t * t / 2) / Math.sqrt(2 * Math.PI);
        }
        return sum * h / 3;
    }

    /** At most sixteen roundings, each of the size of the argument or of one: 1 + erf cancels for negative arguments. */
    @ParameterizedTest
    @MethodSource("formulas")
    void followsItsFormula(Op op, DoubleUnaryOperator f) {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(POINTS, POINTS.length);
            float[] y = op.evaluate(Evaluation.INFERENCE, List.of(x)).get(0).toFloatArray();
            for (int i = 0; i < POINTS.length; i++) {
                assertThat((double) y[i])
                        .as("at %s", POINTS[i])
                        .isCloseTo(f.applyAsDouble(POINTS[i]), within(16 * 0x1p-24 * (Math.abs(POINTS[i]) + 1)));
            }
        }
    }

    private static float[] run(Op op, Tensor... in) {
        return op.evaluate(Evaluation.INFERENCE, List.of(in)).get(0).toFloatArray();
    }

    private static Tensor matrix(int rows, float... values) {
        return Tensor.of(values, rows, values.length / rows);
    }

    @Test
    void gemmScalesTransposesAndBroadcasts() {
        try (Scope scope = Scope.open()) {
            Tensor a = matrix(2, 1, 2, 3, 4);
            Tensor b = matrix(2, 5, 6, 7, 8);
            Tensor c = matrix(1, 10, 20);
            assertThat(run(new Gemm(1, 1, false, false), a, b)).containsExactly(19, 22, 43, 50);
            assertThat(run(new Gemm(1, 1, false, true), a, b)).containsExactly(17, 23, 39, 53);
            assertThat(run(new Gemm(1, 1, true, false), a, b)).containsExactly(26, 30, 38, 44);
            assertThat(run(new Gemm(1, 1, true, true), a, b)).containsExactly(23, 31, 34, 46);
            assertThat(run(new Gemm(2, 0.5f, false, false), a, b, c)).containsExactly(43, 54, 91, 110);
            assertThat(run(Gemm.DENSE, a, b, c.reshape(2))).containsExactly(27, 43, 49, 73);
            assertThat(run(new MatMul(), a, b)).containsExactly(19, 22, 43, 50);
        }
    }

    @Test
    void arithmeticBroadcasts() {
        try (Scope scope = Scope.open()) {
            Tensor a = matrix(2, 1, 2, 3, 4);
            Tensor row = matrix(1, 2, 4);
            Tensor column = matrix(2, 1, 2);
            assertThat(run(new Add(), a, row)).containsExactly(3, 6, 5, 8);
            assertThat(run(new Sub(), row, a)).containsExactly(1, 2, -1, 0);
            assertThat(run(new Mul(), a, column)).containsExactly(1, 2, 6, 8);
            assertThat(run(new Div(), a, row)).containsExactly(0.5f, 0.5f, 1.5f, 1);
            assertThat(run(new Add(), row, column)).containsExactly(3, 5, 4, 6);
        }
    }

    @Test
    void layoutOperatorsMoveElements() {
        try (Scope scope = Scope.open()) {
            Tensor a = matrix(2, 1, 2, 3, 4, 5, 6);
            assertThat(run(new Transpose(Ints.of(1, 0)), a)).containsExactly(1, 4, 2, 5, 3, 6);
            assertThat(run(new Reshape(Ints.of(3, -1), false), a)).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(run(new Flatten(1), a.unsqueeze(2))).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(run(new Concat(1), a, matrix(2, 8, 9))).containsExactly(1, 2, 3, 8, 4, 5, 6, 9);
            assertThat(run(new Concat(0), a, matrix(1, 7, 8, 9))).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
            // A row of 9 above, a column of 9 to the right.
            assertThat(run(new Pad(Ints.of(1, 0, 0, 1), 9, Ints.NONE), a))
                    .containsExactly(9, 9, 9, 9, 1, 2, 3, 9, 4, 5, 6, 9);
            assertThat(run(new Pad(Ints.of(1, -1), 0, Ints.of(1)), a)).containsExactly(0, 1, 2, 0, 4, 5);
        }
    }

    @Test
    void reductionsCollapseTheirAxes() {
        try (Scope scope = Scope.open()) {
            Tensor a = matrix(2, 1, 2, 3, 4, 5, 9);
            assertThat(run(new ReduceMean(Ints.of(1), true, false), a)).containsExactly(2, 6);
            assertThat(run(new ReduceMean(Ints.of(-2), false, false), a)).containsExactly(2.5f, 3.5f, 6);
            assertThat(run(new ReduceMean(Ints.NONE, false, false), a)).containsExactly(4);
            Tensor image = a.reshape(1, 2, 3, 1);
            assertThat(run(new GlobalAveragePool(), image)).containsExactly(2, 6);
            assertThat(run(new GlobalMaxPool(), image)).containsExactly(3, 9);
        }
    }

    @Test
    void softmaxSumsToOneAlongItsAxis() {
        try (Scope scope = Scope.open()) {
            Tensor a = matrix(2, 0, 0, (float) Math.log(3), 0);
            assertThat(run(new Softmax(1), a))
                    .containsExactly(new float[] {0.5f, 0.5f, 0.75f, 0.25f}, within(0x1p-21f));
            assertThat(run(new Softmax(0), a))
                    .containsExactly(new float[] {0.25f, 0.5f, 0.75f, 0.5f}, within(0x1p-21f));
            float half = (float) Math.log(0.5);
            assertThat(run(new LogSoftmax(0), a)[1]).isCloseTo(half, within(0x1p-21f));
        }
    }

    @Test
    void layerNormalizationCentresAndScales() {
        try (Scope scope = Scope.open()) {
            Tensor a = matrix(2, 1, 3, 10, 30);
            float[] y = run(
                    new LayerNormalization(-1, 1e-5f),
                    a,
                    Tensor.of(new float[] {1, 2}, 2),
                    Tensor.of(new float[] {0, 1}, 2));
            // Epsilon beside variances of 1 and 100 shifts by at most 5e-6 of the deviation.
            assertThat(y).containsExactly(new float[] {-1, 3, -1, 3}, within(2 * 5e-6f + 0x1p-20f));
        }
    }
}
