package dev.espalier.manifest.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TokenDropoutTest {
    private static final TokenDropout HALF = new TokenDropout(0.5, 0, 1);

    private static long[] tokens(int count) {
        return LongStream.range(2, 2 + count).toArray();
    }

    @Test
    void dropsWithItsProbability() {
        int count = 100_000;
        int[] samples = IntStream.range(0, 100).toArray();
        long[] left = new TokenDropout(0.3, 0, 1).apply(tokens(count), samples, 7, 0);
        long dropped = Arrays.stream(left).filter(id -> id == 1).count();
        // Binomial: five standard deviations.
        assertThat(dropped / (double) count).isCloseTo(0.3, within(5 * Math.sqrt(0.3 * 0.7 / count)));
        assertThat(IntStream.range(0, count)).allMatch(i -> left[i] == 1 || left[i] == i + 2);
    }

    @Test
    void paddingStays() {
        assertThat(new TokenDropout(1, 0, 1).apply(new long[] {5, 0, 6, 0}, new int[] {3, 4}, 7, 0))
                .containsExactly(1, 0, 1, 0);
        assertThat(new TokenDropout(0, 0, 1).apply(new long[] {5, 0, 6, 0}, new int[] {3, 4}, 7, 0))
                .containsExactly(5, 0, 6, 0);
    }

    @Test
    void dependsOnSeedEpochSampleAndPositionNotOnTheBatch() {
        long[] ids = tokens(64);
        long[] row = HALF.apply(ids, new int[] {12}, 7, 3);
        assertThat(HALF.apply(ids, new int[] {12}, 7, 3)).isEqualTo(row);
        assertThat(HALF.apply(ids, new int[] {12}, 8, 3)).isNotEqualTo(row);
        assertThat(HALF.apply(ids, new int[] {12}, 7, 4)).isNotEqualTo(row);
        assertThat(HALF.apply(ids, new int[] {13}, 7, 3)).isNotEqualTo(row);
        long[] two = LongStream.concat(Arrays.stream(ids), Arrays.stream(ids)).toArray();
        assertThat(Arrays.copyOfRange(HALF.apply(two, new int[] {13, 12}, 7, 3), 64, 128))
                .isEqualTo(row);
        assertThat(HALF.apply(tokens(32), new int[] {12}, 7, 3)).isEqualTo(Arrays.copyOf(row, 32));
    }

    @Test
    void leavesItsArgumentsAlone() {
        long[] ids = tokens(8);
        HALF.apply(ids, new int[] {1, 2}, 7, 0);
        assertThat(ids).isEqualTo(tokens(8));
        assertThat(HALF.apply(new long[0], new int[0], 7, 0)).isEmpty();
    }

    @Test
    void knowsTheIdsOfATokenizer() {
        assertThat(TokenDropout.of(0.5, new WordTokenizer(List.of("a")))).isEqualTo(HALF);
    }

    @Test
    void refusesWhatIsNoProbabilityAndNoBatch() {
        assertThatThrownBy(() -> new TokenDropout(Double.NaN, 0, 1))
                .hasMessage("the probability of token dropout must be 0 to 1, got NaN");
        assertThatThrownBy(() -> HALF.apply(new long[3], new int[2], 7, 0))
                .hasMessage("3 ids are not rows of one length for 2 samples");
        assertThatThrownBy(() -> HALF.apply(new long[3], new int[0], 7, 0)).hasMessageContaining("0 samples");
    }
}
