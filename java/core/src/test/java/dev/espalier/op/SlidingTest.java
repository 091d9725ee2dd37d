package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@NoLeaks
class SlidingTest {
    private static final Set<String> SLIDING = Set.of("Conv", "ConvTranspose", "MaxPool", "AveragePool");
    private static final int BATCH = 2;

    static Stream<OpCase> cases() {
        return OpCase.all().filter(c -> SLIDING.contains(c.op().type()));
    }

    /** A sum of n terms, added in any order in single precision, is off by at most n * 2^-24 * sum of magnitudes. */
    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheDefinition(OpCase c) {
        Rng.seed(3);
        try (Scope scope = Scope.open()) {
            List<Tensor> in = new ArrayList<>();
            for (TensorType type : c.inputs(BATCH)) {
                in.add(Tensor.randn(Device.CPU, type.shape().toArray()));
            }
            for (boolean channelsLast : new boolean[] {false, true}) {
                if (channelsLast && in.get(0).rank() == 4) {
                    in.set(0, in.get(0).channelsLast());
                }
                float[] actual = c.op().evaluate(Evaluation.INFERENCE, List.copyOf(in))
                        .get(0)
                        .toFloatArray();
                SlidingReference expected = reference(c, in);
                assertThat(actual).hasSameSizeAs(expected.values);
                long terms = in.size() == 1 ? 9 : in.get(1).numel() + 1;
                for (int i = 0; i < actual.length; i++) {
                    assertThat((double) actual[i])
                            .as("element %d", i)
                            .isCloseTo(expected.values[i], within(terms * 0x1p-24 * expected.magnitudes[i]));
                }
            }
        }
    }

    private static SlidingReference reference(OpCase c, List<Tensor> in) {
        float[] x = in.get(0).toFloatArray();
        float[] w = in.size() > 1 ? in.get(1).toFloatArray() : new float[0];
        float[] bias = in.size() > 2 ? in.get(2).toFloatArray() : new float[0];
        if (c.op() instanceof Conv conv) {
            return slide(c, in, conv.window(), false).convolve(x, w, bias, conv.group());
        }
        if (c.op() instanceof ConvTranspose conv) {
            return slide(c, in, conv.window(), true).transpose(x, w, bias, conv.group());
        }
        if (c.op() instanceof MaxPool pool) {
            return slide(c, in, pool.window(), false).largest(x);
        }
        AveragePool pool = (AveragePool) c.op();
        return slide(c, in, pool.window(), false).mean(x, pool.countPadding());
    }

    private static SlidingReference slide(OpCase c, List<Tensor> in, Window window, boolean transposed) {
        long[] kernel = in.size() == 1
                ? window.kernel().toArray()
                : Arrays.copyOfRange(in.get(1).shape().toArray(), 2, in.get(1).rank());
        return new SlidingReference(
                window,
                kernel,
                in.get(0).shape().toArray(),
                OpCase.withBatch(c.out(), BATCH).shape().toArray(),
                transposed);
    }
}
