package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.train.ToyImages;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplingTest {
    /** Three classes of 20, one and 3 samples. */
    private static final int[] ROWS = IntStream.concat(IntStream.range(0, 20).map(i -> 3 * i), IntStream.of(1, 2, 5, 8))
            .toArray();

    private static final Source UNEVEN = new ToyImages(60, 1).rows(ROWS);
    private static final Sampling BALANCED = new Sampling(Sampling.Visits.BALANCED, 5, false);

    private static int[] perClass(int[] order) {
        int[] labels = UNEVEN.labels();
        int[] counts = new int[3];
        for (int row : order) {
            counts[labels[row]]++;
        }
        return counts;
    }

    @Test
    void balancedVisitsEachClassEquallyOften() {
        for (int epoch = 0; epoch < 4; epoch++) {
            assertThat(perClass(BALANCED.order(UNEVEN, epoch))).containsExactly(8, 8, 8);
        }
        Source oneMore = new ToyImages(60, 1).rows(Arrays.copyOf(ROWS, ROWS.length - 1));
        for (int epoch = 0; epoch < 4; epoch++) {
            int[] counts = perClass(BALANCED.order(oneMore, epoch));
            assertThat(IntStream.of(counts).sum()).isEqualTo(23);
            assertThat(counts).containsOnly(7, 8);
        }
    }

    @Test
    void balancedVisitsAllBeforeItRepeatsOneAndOthersInEachEpoch() {
        Set<Integer> large = new HashSet<>();
        for (int epoch = 0; epoch < 12; epoch++) {
            int[] visits = new int[UNEVEN.size()];
            for (int row : BALANCED.order(UNEVEN, epoch)) {
                visits[row]++;
            }
            for (int row = 0; row < 20; row++) {
                assertThat(visits[row]).isLessThanOrEqualTo(1);
                if (visits[row] > 0) {
                    large.add(row);
                }
            }
            assertThat(visits[20]).as("the only one of its class").isEqualTo(8);
            assertThat(Arrays.copyOfRange(visits, 21, 24))
                    .as("three of a class")
                    .containsOnly(2, 3);
        }
        // A sample of 20 stays away from 12 epochs of 8 with probability 0.6^12; all of them come with 0.96.
        assertThat(large).hasSize(20);
    }

    @Test
    void balancedDependsOnSeedAndEpochAlone() {
        int[] first = BALANCED.order(UNEVEN, 3);
        assertThat(BALANCED.order(UNEVEN, 3)).isEqualTo(first);
        assertThat(BALANCED.order(UNEVEN, 4)).isNotEqualTo(first);
        assertThat(new Sampling(Sampling.Visits.BALANCED, 6, false).order(UNEVEN, 3))
                .isNotEqualTo(first);
    }

    @Test
    void everyVisitHasAKeyOfItsOwnAndTheFirstThatOfTheSample() {
        assertThat(Sampling.keys(new int[] {2, 0, 2, 1, 2}, 5)).containsExactly(2, 0, 7, 1, 9);
        int[] keys = Sampling.keys(BALANCED.order(UNEVEN, 0), UNEVEN.size());
        assertThat(IntStream.of(keys).distinct().count()).isEqualTo(UNEVEN.size());
    }
}
