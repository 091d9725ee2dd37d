package dev.espalier.op;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients against central differences in double precision.
 *
 * <p>With f = sum(y * r), a step h has the error h^2 / 6 * f''' + eps * |f| / h; h = eps^(1/3) balances both at about
 * eps^(2/3) * (|f| + |f'''|), which an allowance of 64 covers for these sizes. All inputs are different multiples of 0.05 shifted
 * by 0.025, so that no kink (0, a bound, two equal elements of a window) lies within a step.
 */
@NoLeaks
class GradientTest {
    private static final double EPS = 0x1p-52;
    private static final double STEP = Math.cbrt(EPS);
    private static final double TOLERANCE = 64 * STEP * STEP;
    private static final int BATCH = 2;

    static Stream<OpCase> cases() {
        OpCase norm = new OpCase(
                new BatchNormalization(1e-3f, 1),
                List.of(
                        TensorType.f32(-1, 3, 2, 2),
                        TensorType.f32(3),
                        TensorType.f32(3),
                        TensorType.f32(3),
                        TensorType.f32(3)),
                TensorType.f32(-1, 3, 2, 2));
        return Stream.concat(Stream.of(norm), OpCase.all().filter(GradientTest::isSmooth));
    }

    private static boolean isSmooth(OpCase c) {
        Op op = c.op();
        boolean none = op instanceof Constant || op instanceof Dropout || op instanceof Cast;
        return !none && c.out().dtype() == DType.F32;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientIsTheLimitOfDifferences(OpCase c) {
        Rng.seed(7);
        try (Scope scope = Scope.open()) {
            List<Tensor> in = new ArrayList<>();
            for (TensorType type : c.inputs(BATCH)) {
                Tensor values = grid(type, in.size());
                // A divisor near 0 would make the third derivative as large as 1 / divisor^4.
                boolean divisor = c.op() instanceof Div && in.size() == 1;
                Tensor shifted = divisor || c.isPositive() ? values.add(2) : values;
                // The greatest of several numbers has a kink where two are equal.
                Tensor apart = c.op() instanceof Variadic ? shifted.add(0.011 * in.size()) : shifted;
                in.add(type.dtype() == DType.BOOL ? values.gt(0) : apart);
            }
            in.stream().limit(3).filter(t -> t.dtype() == DType.F64).forEach(t -> t.setRequiresGrad(true));
            Tensor y = evaluate(c.op(), in);
            Tensor r = Tensor.randn(Device.CPU, y.shape().toArray()).to(DType.F64);
            Tensor f = y.mul(r).sum();
            f.backward();
            double magnitude = Math.abs(f.item()) + y.mul(r).abs().sum().item();
            for (int i = 0; i < Math.min(3, in.size()); i++) {
                if (in.get(i).dtype() == DType.BOOL) {
                    continue;
                }
                compare(c.op(), in, i, r, magnitude);
            }
        }
    }

    private static void compare(Op op, List<Tensor> in, int index, Tensor r, double magnitude) {
        double[] gradient = doubles(requireNonNull(in.get(index).grad()));
        double largest = 0;
        for (double g : gradient) {
            largest = Math.max(largest, Math.abs(g));
        }
        Tensor flat = in.get(index).detach().reshape(-1);
        for (int e = 0; e < gradient.length; e++) {
            try (Scope scope = Scope.open();
                    Grad off = Grad.disabled()) {
                Tensor element = flat.narrow(0, e, 1);
                element.addInPlace(STEP);
                double above = evaluate(op, in).mul(r).sum().item();
                element.addInPlace(-2 * STEP);
                double below = evaluate(op, in).mul(r).sum().item();
                element.addInPlace(STEP);
                assertThat((above - below) / (2 * STEP))
                        .as("input %d element %d", index, e)
                        .isCloseTo(gradient[e], within(TOLERANCE * (magnitude + largest + 1)));
            }
        }
    }

    private static Tensor evaluate(Op op, List<Tensor> in) {
        return op.evaluate(Evaluation.TRAINING, List.copyOf(in)).get(0);
    }

    private static Tensor grid(TensorType type, int salt) {
        int n = (int) type.shape().numel();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(n + salt));
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = order.get(i) - (n - 1) / 2f;
        }
        // Whole or half steps: shifting halves by a further half keeps zero off the grid in both cases.
        double shift = n % 2 == 0 ? 0 : 0.5;
        return Tensor.of(values, type.shape().toArray())
                .to(DType.F64)
                .add(shift)
                .mul(0.05)
                .copy();
    }

    private static double[] doubles(Tensor tensor) {
        byte[] bytes = tensor.toBytes();
        double[] values = new double[bytes.length / 8];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        return values;
    }
}
