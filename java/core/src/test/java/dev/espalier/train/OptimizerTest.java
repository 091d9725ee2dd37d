package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

@NoLeaks
class OptimizerTest {
    private static final int UPDATES = 20;
    private static final float[] START = {1.5f, -0.25f, 0.01f};
    // Each update rounds its result and a handful of intermediate values of magnitude at most 4, in 24-bit floats.
    private static final double TOLERANCE = UPDATES * 8 * 4 * Math.ulp(1f) / 2;

    /** The update of one weight in double precision, written out from the papers. */
    private interface Oracle {
        double next(double weight, double gradient, int update, double[] memory);
    }

    /** The loss is sum(w^4) / 4 + w * t, whose gradient w^3 + t differs at each update t. */
    private static double gradient(double weight, int update) {
        return weight * weight * weight + update * 0.1;
    }

    private static void follows(Map<String, ?> recipe, double learningRate, Oracle oracle) {
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensor.of(START, 1, START.length).setRequiresGrad(true);
            Map<String, Tensor> parameters = Map.of("w", weight);
            double[] expected = new double[START.length];
            double[][] memory = new double[START.length][2];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = START[i];
            }
            try (Optimizer optimizer = Optimizer.create(Recipe.fromMap(recipe).optimizer(), parameters)) {
                for (int update = 1; update <= UPDATES; update++) {
                    weight.square()
                            .square()
                            .div(4)
                            .add(weight.mul(update * 0.1))
                            .sum()
                            .backward();
                    optimizer.update(parameters, Map.of(), learningRate, 1);
                    weight.clearGrad();
                    for (int i = 0; i < expected.length; i++) {
                        expected[i] = oracle.next(expected[i], gradient(expected[i], update), update, memory[i]);
                    }
                }
                assertThat(optimizer.updates()).isEqualTo(UPDATES);
            }
            float[] got = weight.toFloatArray();
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(TOLERANCE));
                assertThat(Math.abs(got[i] - START[i])).as("it moved").isGreaterThan(1e-3f);
            }
        }
    }

    @Test
    void plainGradientDescent() {
        follows(
                Map.of("momentum", 0, "nesterov", false, "weight-decay", 0.1),
                0.03,
                (w, g, t, m) -> w - 0.03 * (g + 0.1 * w));
    }

    @Test
    void heavyBallMomentum() {
        follows(Map.of("momentum", 0.9, "nesterov", false, "weight-decay", 0), 0.01, (w, g, t, m) -> {
            m[0] = 0.9 * m[0] + g;
            return w - 0.01 * m[0];
        });
    }

    @Test
    void nesterovMomentumWithDecay() {
        follows(Map.of("momentum", 0.8, "weight-decay", 0.05), 0.01, (w, g, t, m) -> {
            double decayed = g + 0.05 * w;
            m[0] = 0.8 * m[0] + decayed;
            return w - 0.01 * (decayed + 0.8 * m[0]);
        });
    }

    private static double adam(double w, double g, int t, double[] m) {
        m[0] = 0.9 * m[0] + 0.1 * g;
        m[1] = 0.99 * m[1] + 0.01 * g * g;
        double mean = m[0] / (1 - Math.pow(0.9, t));
        double square = m[1] / (1 - Math.pow(0.99, t));
        return w - 0.02 * mean / (Math.sqrt(square) + 1e-6);
    }

    @Test
    void adamCouplesDecayWithTheGradient() {
        follows(
                Map.of("optimizer", "adam", "beta2", 0.99, "epsilon", 1e-6, "weight-decay", 0.1),
                0.02,
                (w, g, t, m) -> adam(w, g + 0.1 * w, t, m));
    }

    @Test
    void adamWDecouplesDecay() {
        follows(
                Map.of("optimizer", "adamw", "beta2", 0.99, "epsilon", 1e-6, "weight-decay", 0.1),
                0.02,
                (w, g, t, m) -> adam(w * (1 - 0.02 * 0.1), g, t, m));
    }

    @Test
    void decaySparesVectorsUnlessAskedFor() {
        try (Scope scope = Scope.open()) {
            Tensor bias = Tensor.of(new float[] {2, -3}, 2).setRequiresGrad(true);
            for (boolean decayAll : List.of(false, true)) {
                OptimizerRecipe recipe = Recipe.fromMap(
                                Map.of("weight-decay", 0.5, "decay-all", decayAll, "momentum", 0, "nesterov", false))
                        .optimizer();
                bias.mul(0).sum().backward();
                try (Optimizer optimizer = Optimizer.create(recipe, Map.of("b", bias))) {
                    optimizer.update(Map.of("b", bias), Map.of(), 1, 1);
                }
                bias.clearGrad();
                assertThat(bias.toFloatArray())
                        .containsExactly(decayAll ? new float[] {1, -1.5f} : new float[] {2, -3});
            }
        }
    }

    @Test
    void aParameterWithoutGradientStays() {
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensor.of(new float[] {2, -3}, 1, 2).setRequiresGrad(true);
            try (Optimizer optimizer = Optimizer.create(Recipe.defaults().optimizer(), Map.of("w", weight))) {
                optimizer.update(Map.of("w", weight), Map.of(), 1, 1);
            }
            assertThat(weight.toFloatArray()).containsExactly(2, -3);
        }
    }

    @Test
    void slicedStateTakesThePlaceOfTheOld() {
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensor.of(new float[] {1, 2, 3, 4}, 4, 1).setRequiresGrad(true);
            try (Optimizer optimizer =
                    Optimizer.create(Recipe.defaults().with("optimizer", "adam").optimizer(), Map.of("w", weight))) {
                weight.square().sum().backward();
                optimizer.update(Map.of("w", weight), Map.of(), 0.1, 1);
                Tensor keep = Tensor.of(new long[] {0, 3}, 2);
                Map<String, List<Tensor>> sliced = new TreeMap<>();
                optimizer
                        .state()
                        .forEach((name, slots) -> sliced.put(
                                name,
                                slots.stream()
                                        .map(slot -> slot.indexSelect(0, keep))
                                        .toList()));
                float[] before = optimizer.state("w").get(0).toFloatArray();
                optimizer.replaceState(sliced);
                assertThat(optimizer.state("w").get(0).toFloatArray()).containsExactly(before[0], before[3]);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> optimizer.replaceState(Map.of("w", List.of(keep))))
                        .withMessageContaining("'w'");
            }
        }
    }
}
