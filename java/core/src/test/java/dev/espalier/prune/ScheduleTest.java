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
                Schedule.oneShot(), Schedule.iterative(7), Schedule.cubic(0.1, 0.9, 0.05), Schedule.cubic(0, 1, 0.3));
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
    void impossibleSchedulesAreRefused() {
        assertThatThrownBy(() -> Schedule.iterative(0)).hasMessageContaining("at least 1 step, got 0");
        assertThatThrownBy(() -> Schedule.cubic(0.5, 0.5, 0.1)).hasMessageContaining("begin 0.5");
    }
}
