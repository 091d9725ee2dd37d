package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    /** Known answers that the authors published with the generator. */
    @Test
    void blocksAreThePublishedOnes() {
        assertThat(Philox.block(new int[4], 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(Philox.block(new int[] {-1, -1, -1, -1}, -1, -1))
                .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(Philox.block(new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void shuffledIsAPermutationThatSeedAndEpochDecide() {
        int[] first = Sampling.shuffled(7).order(1000, 3);
        assertThat(first).isEqualTo(Sampling.shuffled(7).order(1000, 3));
        assertThat(first).isNotEqualTo(Sampling.shuffled(7).order(1000, 4));
        assertThat(first).isNotEqualTo(Sampling.shuffled(8).order(1000, 3));
        int[] sorted = first.clone();
        Arrays.sort(sorted);
        assertThat(sorted).isEqualTo(IntStream.range(0, 1000).toArray());
        assertThat(Sampling.inOrder().order(5, 9)).containsExactly(0, 1, 2, 3, 4);
    }

    /** Each of the 24 orders of four must come up about equally often: chi-square of 23 degrees of freedom, p = 1e-6. */
    @Test
    void everyOrderIsEquallyLikely() {
        int trials = 24_000;
        int[] counts = new int[256];
        for (int epoch = 0; epoch < trials; epoch++) {
            int[] order = Sampling.shuffled(1).order(4, epoch);
            counts[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
        }
        double expected = trials / 24.0;
        double chiSquare = Arrays.stream(counts)
                .filter(count -> count > 0)
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        assertThat(Arrays.stream(counts).filter(count -> count > 0).count()).isEqualTo(24);
        assertThat(chiSquare).isLessThan(70.5);
    }
}
