package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

@NoLeaks
class SensitivityTest {
    private static double[] line(double slope) {
        return Sensitivity.SHARES.stream().mapToDouble(share -> slope * share).toArray();
    }

    @Test
    void straightLinesShareInverselyToTheirSlopes() {
        Sensitivity sensitivity = new Sensitivity(List.of(line(1), line(3)));
        long[] sizes = {1000, 1000};
        assertThat(sensitivity.first(400, sizes, sizes)).containsExactly(300, 100);
        assertThat(sensitivity.first(1200, sizes, sizes)).containsExactly(900, 300);
        // The first has nothing left to lose.
        assertThat(sensitivity.first(1600, sizes, sizes)).containsExactly(1000, 600);
    }

    @Test
    void damageBetweenTheSharesIsInterpolated() {
        double[] bent = {0, 0, 0.2, 0.4, 0.6, 0.8, 1};
        double[] steep = line(2);
        long[] sizes = {100_000, 100_000};
        long[] lost = new Sensitivity(List.of(bent, steep)).first(60_000, sizes, sizes);
        double damage = 2 * lost[1] / 100_000.0;
        // 0.4 to 0.6 of the first cost 0 to 0.2.
        assertThat(lost[0] / 100_000.0).isCloseTo(0.4 + damage, within(1e-4));
    }

    /** A loss that is no number bounds its own layer, and leaves the others as they are to each other. */
    @Test
    void ruinSaysNothingOfOtherLayers() {
        double[] ruined = line(1);
        ruined[ruined.length - 1] = 1e30;
        long[] sizes = {1000, 1000, 1000};
        long[] lost = new Sensitivity(List.of(line(1), line(3), ruined)).first(700, sizes, sizes);
        assertThat(lost).containsExactly(300, 100, 300);
    }

    @Test
    void gainsAndDipsCountAsNone() {
        double[] dips = {-1, -0.5, 0.3, 0.1, 0.3, 0.3, 0.3};
        double[] risen = {0, 0, 0.3, 0.3, 0.3, 0.3, 0.3};
        long[] sizes = {50, 70};
        for (long k = 0; k <= 120; k++) {
            assertThat(new Sensitivity(List.of(dips, line(1))).first(k, sizes, sizes))
                    .isEqualTo(new Sensitivity(List.of(risen, line(1))).first(k, sizes, sizes));
        }
    }

    @Test
    void countsAddUpAndNothingComesBack() {
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            int layers = 1 + random.nextInt(6);
            long[] sizes = LongStream.generate(() -> 1 + random.nextInt(40))
                    .limit(layers)
                    .toArray();
            long[] most =
                    Arrays.stream(sizes).map(size -> random.nextLong(size + 1)).toArray();
            boolean flat = round % 4 == 0;
            List<double[]> damages = LongStream.of(sizes)
                    .mapToObj(size -> Sensitivity.SHARES.stream()
                            .mapToDouble(share -> flat ? 0 : random.nextGaussian() * share)
                            .toArray())
                    .toList();
            Sensitivity sensitivity = new Sensitivity(damages);
            long[] before = new long[layers];
            for (long k = 0; k <= LongStream.of(most).sum(); k++) {
                long[] lost = sensitivity.first(k, sizes, most);
                assertThat(LongStream.of(lost).sum()).isEqualTo(k);
                for (int i = 0; i < layers; i++) {
                    assertThat(lost[i]).isBetween(before[i], most[i]);
                }
                before = lost;
            }
        }
    }

    @Test
    void damagesOfAnotherLengthAreRefused() {
        try (Scope scope = Scope.open()) {
            Evidence evidence = Evidence.ofWeights(Map.of())
                    .with(Measure.DAMAGES, Map.of("conv", Tensor.of(new float[] {0, 1}, 2)));
            assertThatThrownBy(() -> Sensitivity.of(evidence, List.of("conv")))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("'conv'")
                    .hasMessageContaining("got 2");
            assertThatThrownBy(() -> Sensitivity.of(evidence, List.of("other")))
                    .hasMessageContaining("no damage to the loss of 'other'");
        }
    }
}
