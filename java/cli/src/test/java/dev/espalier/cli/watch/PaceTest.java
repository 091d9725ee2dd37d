package dev.espalier.cli.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void countsBatchesAndValidationToTheEndOfTheFit() {
        Pace pace = new Pace(3, 4);
        long now = 17 * SECOND;
        for (int epoch = 0; epoch < 2; epoch++) {
            for (int i = 0; i < 4; i++) {
                // The first of all is slow.
                now += pace.samplesPerSecond() > 0 || i > 0 ? 2 * SECOND : 60 * SECOND;
                pace.batch(epoch * 4L + i + 1, 10, now);
            }
            if (epoch == 0) {
                assertThat(pace.secondsLeft()).as("no validation seen").isCloseTo(8 * 2, within(1e-9));
            }
            now += 5 * SECOND;
            pace.epoch(now);
        }
        assertThat(pace.samplesPerSecond()).isCloseTo(5, within(1e-9));
        assertThat(pace.secondsLeft()).isCloseTo(4 * 2 + 5, within(1e-9));
        assertThat(pace).hasToString(", 5 samples/s, 13 s left");
    }

    @Test
    void followsAChangeOfSpeed() {
        Pace pace = new Pace(1, 1000);
        for (int i = 1; i <= 200; i++) {
            pace.batch(i, 8, (i <= 100 ? 4L * i : 400 + (i - 100L)) * SECOND);
        }
        // 0.95^100 of the old 4 s is left in the mean.
        assertThat(pace.samplesPerSecond()).isCloseTo(8, within(8 * 4 * Math.pow(0.95, 100)));
    }

    @Test
    void knowsNothingBeforeTheSecondBatchAndNothingIsLeftAtTheEnd() {
        Pace pace = new Pace(1, 2);
        pace.batch(1, 8, SECOND);
        assertThat(pace).hasToString("");
        pace.batch(2, 8, 3 * SECOND);
        assertThat(pace).hasToString(", 4 samples/s");
    }

    @Test
    void saysDurationsInTwoUnits() {
        assertThat(List.of(Pace.duration(0.4), Pace.duration(59.4), Pace.duration(59.6), Pace.duration(192)))
                .containsExactly("0 s", "59 s", "1 min 0 s", "3 min 12 s");
        assertThat(Pace.duration(3900)).isEqualTo("1 h 5 min");
    }

    /** What lies between two batches otherwise, such as pruning, is no part of their speed. */
    @Test
    void anInterruptionTakesNoPart() {
        Pace pace = new Pace(1, 10);
        pace.batch(1, 8, SECOND);
        pace.batch(2, 8, 2 * SECOND);
        pace.interrupt();
        pace.batch(3, 8, 60 * SECOND);
        pace.batch(4, 8, 61 * SECOND);
        assertThat(pace.samplesPerSecond()).isEqualTo(8);
        assertThat(pace.secondsLeft()).isEqualTo(6);
    }
}
