package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.prune.Budget;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.PruningException;
import dev.espalier.prune.ScoreScope;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times are made up, but for one test that asserts none. */
@NoLeaks
class LatencyPruningTest {
    private final List<String> lines = new ArrayList<>();
    private Model dense;

    @BeforeEach
    void make() {
        dense = Models.create("kerasCnn", Shape.of(3, 16, 16), 10, 1, 3);
    }

    @AfterEach
    void close() {
        dense.close();
    }

    /** Layers are timed by their MACs; the whole takes {@code real} of that. */
    private record MadeUp(DoubleUnaryOperator real) implements Stopwatch {
        @Override
        public double estimate(Graph graph) {
            return graph.macs();
        }

        @Override
        public int layerTimings() {
            return 7;
        }

        @Override
        public LatencyRatio race(Model whole, Model pruned) {
            double share = (double) pruned.graph().macs() / whole.graph().macs();
            return new LatencyRatio(20, 20 * real.applyAsDouble(share));
        }
    }

    private LatencyPruning.Outcome prune(double target, DoubleUnaryOperator real) {
        Policy policy =
                Policy.of(Criterion.L2, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(target, Budget.Of.LATENCY));
        Pruner pruner = new Pruner(dense.graph(), policy);
        return new LatencyPruning(dense, pruner, new MadeUp(real), 1, lines::add)
                .next(Mask.all(), Evidence.ofWeights(dense.weights().asMap()), target);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0", "0.5, 0", "0.5, 0.2", "0.5, 0.4", "0.7, 0.2", "0.2, 0.6"})
    void whatTheLayersDoNotTellIsCorrected(double target, double overhead) {
        LatencyReport report =
                prune(target, share -> overhead + (1 - overhead) * share).report();
        assertThat(report.met()).isTrue();
        assertThat(report.measured().ratio()).isCloseTo(1 - target, within(LatencyReport.TOLERANCE * (1 - target)));
        assertThat(report.measured().denseMillis()).isEqualTo(20);
        assertThat(overhead + (1 - overhead) * report.estimate())
                .isCloseTo(report.measured().ratio(), within(1e-9));
        assertThat(report.races()).isBetween(2, 7).isEqualTo(lines.size());
        assertThat(report.layerTimings()).isEqualTo(7);
    }

    @Test
    void aCurveIsFollowed() {
        assertThat(prune(0.5, share -> Math.pow(share, 0.4)).report().met()).isTrue();
        assertThat(prune(0.5, share -> Math.pow(share, 2)).report().met()).isTrue();
    }

    @Test
    void aLuckyRaceIsNotBelieved() {
        int[] race = {0};
        LatencyReport report =
                prune(0.5, share -> race[0]++ == 0 ? 0.5 : 0.3 + 0.7 * share).report();
        assertThat(report.met()).isTrue();
        assertThat(report.races()).isGreaterThan(3);
        assertThat(0.3 + 0.7 * report.estimate()).isCloseTo(0.5, within(0.025));
    }

    @Test
    void theNearestIsGivenWhereNothingMeetsTheTarget() {
        LatencyPruning.Outcome outcome = prune(0.5, share -> 0.8 + 0.2 * share);
        assertThat(outcome.report().met()).isFalse();
        assertThat(outcome.report().measured().ratio()).isBetween(0.8, 0.9);
        assertThat(outcome.mask().channels()).isNotEmpty();
    }

    @Test
    void moreThanTheLayersCanSaveIsRefused() {
        assertThatThrownBy(() -> prune(0.9999, share -> share))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("LATENCY")
                .hasMessageContaining("cannot be met");
    }

    @Test
    void correctionsInterpolateBetweenBothSides() {
        TreeMap<Double, Double> seen = new TreeMap<>();
        seen.put(0.5, 0.7);
        assertThat(LatencyPruning.corrected(seen, 0.5, 0.5)).isCloseTo(0.5 * 0.5 / 0.7, within(1e-12));
        seen.put(0.3, 0.4);
        assertThat(LatencyPruning.corrected(seen, 0.3, 0.5)).isCloseTo(0.3 + 0.2 * 0.1 / 0.3, within(1e-12));
    }

    /** Only that it ends, prunes and tells: how long things take is no business of a test. */
    @Test
    void measuresOnThisMachine() {
        Policy policy = Policy.of(Criterion.L2, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(0.2, Budget.Of.LATENCY));
        try (Model wide = Models.create("kerasCnn", Shape.of(3, 24, 24), 10, 2, 3)) {
            Pruner pruner = new Pruner(wide.graph(), policy);
            LatencyPruning.Outcome outcome = LatencyPruning.on(Device.CPU, 2, wide, pruner, lines::add)
                    .next(Mask.all(), Evidence.ofWeights(wide.weights().asMap()), 0.2);
            assertThat(outcome.mask().channels()).isNotEmpty();
            assertThat(outcome.report().batch()).isEqualTo(2);
            assertThat(outcome.report().layerTimings()).isPositive();
            assertThat(outcome.report().measured().denseMillis()).isPositive();
            assertThat(lines).hasSize(outcome.report().races());
        }
    }
}
