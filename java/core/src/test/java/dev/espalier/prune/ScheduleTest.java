package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {
    static List<Schedule> schedules() {
        return List.of(
                Schedule.oneShot(),
                Schedule.iterative(7),
                Schedule.linear(0.2, 0.7, 0.1),
                Schedule.exponential(0, 0.8, 0.07),
                Schedule.cubic(0.1, 0.9, 0.05),
                Schedule.cubic(0, 1, 0.3));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void rises(Schedule schedule) {
        double before = 0;
        for (int i = 0; i <= 1000; i++) {
            double now = schedule.at(i / 1000.0, 0.8);
            assertThat(now).isBetween(before, 0.8);
            before = now;
        }
        assertThat(before).isEqualTo(0.8);
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void changesAtItsMomentsOnlyAndReachesTheTargetAtTheLast(Schedule schedule) {
        List<Double> moments = schedule.moments();
        assertThat(moments).isSorted().allMatch(m -> m >= 0 && m <= 1);
        for (int i = 0; i < moments.size(); i++) {
            double next = i + 1 < moments.size() ? moments.get(i + 1) : 1 + 1e-6;
            double share = schedule.at(moments.get(i), 0.5);
            assertThat(schedule.at(next - 1e-6, 0.5)).isEqualTo(share);
            assertThat(share).isGreaterThan(schedule.at(moments.get(i) - 1e-6, 0.5));
        }
        assertThat(schedule.at(moments.get(moments.size() - 1), 0.5)).isEqualTo(0.5);
    }

    @Test
    void cubicFollowsTheFormula() {
        Schedule schedule = Schedule.cubic(0, 1, 0.25);
        assertThat(schedule.at(0.25, 1)).isCloseTo(1 - Math.pow(0.75, 3), within(1e-12));
        assertThat(schedule.at(0.6, 1)).isCloseTo(1 - Math.pow(0.5, 3), within(1e-12));
    }

    @Test
    void linearAndExponentialFollowTheirFormulas() {
        Schedule linear = Schedule.linear(0.2, 1, 0.2);
        assertThat(linear.at(0.1, 0.8)).isZero();
        assertThat(linear.at(0.4, 0.8)).isCloseTo(0.2, within(1e-12));
        assertThat(linear.at(0.79, 0.8)).isCloseTo(0.4, within(1e-12));
        assertThat(linear.at(1, 0.8)).isEqualTo(0.8);
        // Of what is left, each quarter of the way keeps the fourth root of a tenth.
        Schedule exponential = Schedule.exponential(0, 1, 0.25);
        for (int quarter = 0; quarter <= 4; quarter++) {
            double left = Math.pow(Math.pow(0.1, 0.25), quarter);
            assertThat(exponential.at(quarter / 4.0, 0.9)).isCloseTo(1 - left, within(1e-12));
        }
    }

    @Test
    void cyclicRisesAndFallsBetweenCycles() {
        // Three rises and two rests of 0.2 each; within a rise one step after 0.1.
        Schedule cyclic = Schedule.cyclic(3, 0.5, 0, 1, 0.1);
        double first = 0.8 * (1 - 0.125);
        double later = 0.4 + 0.4 * (1 - 0.125);
        double[] expected = {0, first, 0.8, 0.8, 0.4, later, 0.8, 0.8, 0.4, later, 0.8};
        for (int i = 0; i < expected.length; i++) {
            assertThat(cyclic.at(i / 10.0, 0.8)).as("at %s", i / 10.0).isCloseTo(expected[i], within(1e-9));
            assertThat(cyclic.at(i / 10.0 + 0.05, 0.8)).isEqualTo(cyclic.at(i / 10.0, 0.8));
        }
        assertThat(cyclic.moments()).hasSize(8).isSorted();
        assertThat(cyclic.over(0.999)).isFalse();
        assertThat(cyclic.over(1)).isTrue();
    }

    @Test
    void impossibleSchedulesAreRefused() {
        assertThatThrownBy(() -> Schedule.cyclic(1, 0.5, 0, 1, 0.1)).hasMessageContaining("2 cycles, got 1");
        assertThatThrownBy(() -> Schedule.cyclic(3, 0.5, 0, 1, 0.3)).hasMessageContaining("every 0.3");
        assertThatThrownBy(() -> Schedule.iterative(0)).hasMessageContaining("at least 1 step, got 0");
        assertThatThrownBy(() -> Schedule.cubic(0.5, 0.5, 0.1)).hasMessageContaining("begin 0.5");
    }
}
