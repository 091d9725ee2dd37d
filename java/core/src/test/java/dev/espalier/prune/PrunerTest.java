package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.prune.Budget.Of;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@NoLeaks
class PrunerTest extends PrunedResNet {
    private static List<Criterion> ofWeights() {
        return Stream.of(Criterion.values())
                .filter(c -> c.scores(Pattern.ELEMENT))
                .toList();
    }

    private static List<Criterion> ofChannels() {
        return Stream.of(Criterion.values())
                .filter(c -> c.scores(Pattern.CHANNEL))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("ofWeights")
    void elementMasksRemoveExactlyTheShareAndOnlyShrink(Criterion criterion) {
        for (ScoreScope scoreScope : List.of(ScoreScope.LOCAL, ScoreScope.GLOBAL)) {
            Pruner pruner =
                    new Pruner(graph, policy(criterion, Pattern.ELEMENT, scoreScope, Budget.of(0.9, Of.SPARSITY)));
            Mask mask = Mask.all();
            for (double target : new double[] {0.3, 0.31, 0.9}) {
                mask = pruner.next(mask, evidence, target);
                long all = mask.elements().values().stream()
                        .mapToLong(m -> m.shape().numel())
                        .sum();
                if (scoreScope == ScoreScope.GLOBAL) {
                    assertThat(mask.elements().values().stream()
                                    .mapToLong(PrunedResNet::removed)
                                    .sum())
                            .isEqualTo(Math.round(target * all));
                } else {
                    assertThat(mask.elements().values())
                            .allSatisfy(m -> assertThat(m.sparsity()).isLessThanOrEqualTo(0.91));
                    mask.elements()
                            .values()
                            .forEach(m -> assertThat(removed(m))
                                    .isIn(
                                            Math.round(0.3 * m.shape().numel()),
                                            Math.round(0.31 * m.shape().numel()),
                                            Math.round(0.9 * m.shape().numel())));
                }
            }
            assertThat(mask.sparsity()).isCloseTo(0.9, within(1e-3));
        }
    }

    @Test
    void theSmallestMagnitudesGoFirst() {
        Mask mask = pruner(Pattern.ELEMENT, ScoreScope.GLOBAL, 0.6, Of.SPARSITY).next(Mask.all(), evidence);
        double largestRemoved = 0;
        double smallestKept = Double.MAX_VALUE;
        for (Map.Entry<String, BitMask> entry : mask.elements().entrySet()) {
            float[] weights = model.weights().get(entry.getKey()).toFloatArray();
            long[] kept = entry.getValue().unpack().toLongArray();
            for (int i = 0; i < weights.length; i++) {
                double magnitude = Math.abs(weights[i]);
                largestRemoved = kept[i] == 0 ? Math.max(largestRemoved, magnitude) : largestRemoved;
                smallestKept = kept[i] == 0 ? smallestKept : Math.min(smallestKept, magnitude);
            }
        }
        assertThat(largestRemoved).isLessThanOrEqualTo(smallestKept);
    }

    @Test
    void negativeGradientsGoBeforePositiveOnes() {
        Policy signed =
                policy(Criterion.SIGNED_GRADIENT, Pattern.ELEMENT, ScoreScope.LOCAL, Budget.of(0.5, Of.SPARSITY));
        Mask mask = new Pruner(graph, signed).next(Mask.all(), evidence);
        float[] gradient = evidence.of(Measure.GRADIENTS, "conv1.weight").toFloatArray();
        BitMask bits = mask.elements()
                .getOrDefault(
                        "conv1.weight", BitMask.pack(Tensor.of(new long[1], 1).ne(0)));
        long[] kept = bits.unpack().toLongArray();
        double bestRemoved = IntStream.range(0, kept.length)
                .filter(i -> kept[i] == 0)
                .mapToDouble(i -> gradient[i])
                .max()
                .orElseThrow();
        double worstKept = IntStream.range(0, kept.length)
                .filter(i -> kept[i] != 0)
                .mapToDouble(i -> gradient[i])
                .min()
                .orElseThrow();
        assertThat(bestRemoved).isLessThanOrEqualTo(worstKept);
        assertThat(worstKept).isLessThan(gradient.length);
    }

    @Test
    void biasesNormalisationAndIgnoredNodesKeepAllTheirWeights() {
        Policy policy = new Policy(
                Criterion.L1, Pattern.ELEMENT, ScoreScope.GLOBAL, Budget.of(0.5, Of.SPARSITY), Set.of("dense1"), 0);
        Mask mask = new Pruner(graph, policy).next(Mask.all(), evidence);
        assertThat(mask.elements().keySet()).allMatch(name -> name.contains("conv"));
        assertThat(mask.elements()).hasSize(21);
    }

    @Test
    void elementsCanMeetABudgetOfAllParameters() {
        Mask mask =
                pruner(Pattern.ELEMENT, ScoreScope.GLOBAL, 0.8, Of.PARAMETERS).next(Mask.all(), evidence);
        long removed = mask.elements().values().stream()
                .mapToLong(PrunedResNet::removed)
                .sum();
        assertThat(removed).isEqualTo(Math.round(0.8 * graph.parameterCount()));
    }

    @ParameterizedTest
    @MethodSource("ofChannels")
    void localChannelsRemoveTheShareOfEveryGroup(Criterion criterion) {
        Pruner pruner =
                new Pruner(graph, policy(criterion, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(0.3, Of.CHANNELS)));
        Mask mask = pruner.next(Mask.all(), evidence);
        for (ChannelGroup group : pruner.groups().prunable()) {
            assertThat(mask.kept(group).count()).isEqualTo(group.channels() - (int) (0.3 * group.channels()));
        }
    }

    @ParameterizedTest
    @MethodSource("ofChannels")
    void globalChannelsRemoveTheShareOfAllAndOnlyShrink(Criterion criterion) {
        Pruner pruner =
                new Pruner(graph, policy(criterion, Pattern.CHANNEL, ScoreScope.GLOBAL, Budget.of(0.9, Of.CHANNELS)));
        int all = pruner.groups().prunable().stream()
                .mapToInt(ChannelGroup::channels)
                .sum();
        Mask mask = Mask.all();
        for (double target : new double[] {0.2, 0.5, 0.9}) {
            mask = pruner.next(mask, evidence, target);
            Mask now = mask;
            int kept = pruner.groups().prunable().stream()
                    .mapToInt(g -> now.kept(g).count())
                    .sum();
            assertThat(all - kept).isEqualTo((int) (target * all + 1e-9));
            assertThat(now.channels().values()).allMatch(k -> k.count() >= 1);
        }
    }

    /** A small oracle: norms in Java, over all members of one inner group. */
    @Test
    void channelsAreScoredOverAllTheirMembers() {
        Pruner pruner = pruner(Pattern.CHANNEL, ScoreScope.LOCAL, 0.5, Of.CHANNELS);
        Mask mask = pruner.next(Mask.all(), evidence);
        ChannelGroup group = pruner.groups().prunable().stream()
                .filter(g -> g.producers().size() == 1)
                .findFirst()
                .orElseThrow();
        double[] sums = new double[group.channels()];
        for (Member member : group.members()) {
            if (!graph.isStatistic(member.parameter())) {
                for (int c = 0; c < sums.length; c++) {
                    sums[c] += model.weights()
                            .get(member.parameter())
                            .narrow(member.axis(), member.indices().at(c, 0), 1)
                            .abs()
                            .sum()
                            .item();
                }
            }
        }
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, sums.length).boxed().toList());
        order.sort(Comparator.comparingDouble(c -> -sums[c]));
        assertThat(IntStream.of(mask.kept(group).indices()).boxed())
                .containsExactlyInAnyOrderElementsOf(order.subList(0, sums.length / 2));
    }

    @ParameterizedTest
    @CsvSource({
        "LOCAL, MACS, 1",
        "GLOBAL, MACS, 1",
        "LOCAL, PARAMETERS, 1",
        "GLOBAL, PARAMETERS, 1",
        "ISOMORPHIC, MACS, 1",
        "ISOMORPHIC, PARAMETERS, 1",
        "GLOBAL, MACS, 8",
        "LOCAL, PARAMETERS, 4"
    })
    void costsLandAtOrJustBelowTheTarget(ScoreScope scoreScope, Of of, int roundTo) {
        Policy policy = policy(Criterion.L2, Pattern.CHANNEL, scoreScope, new Budget(0.5, of, roundTo));
        Pruner pruner = new Pruner(graph, policy);
        Mask mask = pruner.next(Mask.all(), evidence);
        try (Compacted compacted = Compaction.compact(model, pruner.groups(), mask)) {
            Size before = compacted.outcome().before();
            Size after = compacted.outcome().after();
            double share = of == Of.MACS
                    ? (double) after.macs() / before.macs()
                    : (double) after.parameters() / before.parameters();
            assertThat(share).isLessThanOrEqualTo(0.5);
            // The coarsest step is one rounding step of the widest residual group, about a tenth of everything.
            assertThat(share).isGreaterThan(roundTo == 1 ? 0.47 : 0.4);
        }
        for (ChannelGroup group : pruner.groups().prunable()) {
            int kept = mask.kept(group).count();
            assertThat(kept % roundTo == 0 || kept == group.channels())
                    .as(group.id())
                    .isTrue();
        }
    }

    @Test
    void randomChannelsDependOnTheirSeedAlone() {
        Map<Long, Map<String, Kept>> bySeed = new LinkedHashMap<>();
        for (long seed : new long[] {1, 2}) {
            Policy policy = new Policy(
                    Criterion.RANDOM, Pattern.CHANNEL, ScoreScope.GLOBAL, Budget.of(0.5, Of.CHANNELS), Set.of(), seed);
            Map<String, Kept> once =
                    new Pruner(graph, policy).next(Mask.all(), evidence).channels();
            assertThat(new Pruner(graph, policy).next(Mask.all(), evidence).channels())
                    .isEqualTo(once);
            bySeed.put(seed, once);
        }
        assertThat(bySeed.get(1L)).isNotEqualTo(bySeed.get(2L));
    }

    @Test
    void aTargetBelowWhatIsRemovedChangesNothing() {
        for (ScoreScope scoreScope : List.of(ScoreScope.LOCAL, ScoreScope.GLOBAL)) {
            Pruner channels = pruner(Pattern.CHANNEL, scoreScope, 0.5, Of.MACS);
            Mask half = channels.next(Mask.all(), evidence);
            assertThat(channels.next(half, evidence, 0.1).channels()).isEqualTo(half.channels());
            Pruner elements = pruner(Pattern.ELEMENT, scoreScope, 0.5, Of.SPARSITY);
            Mask bits = elements.next(Mask.all(), evidence);
            assertThat(elements.next(bits, evidence, 0.1).sparsity()).isEqualTo(bits.sparsity());
        }
    }

    @Test
    void maskedWeightsAreZeroAtAllPlacesOfAChannel() {
        Pruner pruner = pruner(Pattern.CHANNEL, ScoreScope.LOCAL, 0.5, Of.CHANNELS);
        Mask mask = pruner.next(Mask.all(), evidence);
        Map<String, Tensor> weights = new HashMap<>();
        model.weights().asMap().forEach((name, tensor) -> weights.put(name, tensor.copy()));
        try (MaskedWeights masked = MaskedWeights.of(pruner.groups(), mask, Device.CPU)) {
            masked.apply(weights);
        }
        for (ChannelGroup group : pruner.groups().prunable()) {
            for (Member member : group.members()) {
                for (int c = 0; c < group.channels(); c++) {
                    boolean zero = weights.getOrDefault(member.parameter(), Tensor.scalar(0))
                                    .narrow(member.axis(), member.indices().at(c, 0), 1)
                                    .abs()
                                    .sum()
                                    .item()
                            == 0;
                    boolean kept = mask.kept(group).has(c) || graph.isStatistic(member.parameter());
                    assertThat(zero).as(member + " channel " + c).isEqualTo(!kept);
                }
            }
        }
    }

    @Test
    void weightsThatAreNotFiniteAreRefusedByName() {
        model.weights().get("stage1.0.conv2.weight").mulInPlace(Double.NaN);
        assertThatThrownBy(() -> pruner(Pattern.ELEMENT, ScoreScope.GLOBAL, 0.5, Of.SPARSITY)
                        .next(Mask.all(), evidence))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("weight of 'stage1.0.conv2.weight' holds a number that is not finite");
        assertThatThrownBy(() ->
                        pruner(Pattern.CHANNEL, ScoreScope.LOCAL, 0.5, Of.MACS).next(Mask.all(), evidence))
                .hasMessageContaining("'stage1.0.conv2.weight'");
    }

    @Test
    void impossibleRequestsAreRefusedWithTheReason() {
        assertThatThrownBy(() -> Budget.of(1, Of.MACS))
                .hasMessageContaining("below 1")
                .hasMessageContaining("got 1.0");
        assertThatThrownBy(() -> pruner(Pattern.ELEMENT, ScoreScope.LOCAL, 0.5, Of.MACS))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("MACS")
                .hasMessageContaining("SPARSITY or PARAMETERS");
        assertThatThrownBy(() -> pruner(Pattern.CHANNEL, ScoreScope.LOCAL, 0.5, Of.SPARSITY))
                .hasMessageContaining("CHANNELS, MACS, PARAMETERS, BYTES or LATENCY");
        assertThatThrownBy(() -> pruner(Pattern.CHANNEL, ScoreScope.GLOBAL, 0.999, Of.MACS)
                        .next(Mask.all(), evidence))
                .hasMessageContaining("cannot be met");
        assertThatThrownBy(() -> pruner(Pattern.CHANNEL, ScoreScope.GLOBAL, 0.999, Of.CHANNELS)
                        .next(Mask.all(), evidence))
                .hasMessageContaining("can go; lower it");
        Policy taylor = policy(Criterion.TAYLOR, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(0.5, Of.MACS));
        assertThatThrownBy(() -> new Pruner(graph, taylor).next(Mask.all(), Evidence.ofWeights(evidence.weights())))
                .hasMessageContaining("no gradient of 'conv1.weight'");
    }

    @Test
    void bytesLandAtOrJustBelowTheTarget() {
        Pruner pruner = pruner(Pattern.CHANNEL, ScoreScope.GLOBAL, 0.5, Of.BYTES);
        Mask mask = pruner.next(Mask.all(), evidence);
        try (Compacted compacted = Compaction.compact(model, pruner.groups(), mask)) {
            long whole = bytes(model);
            long left = bytes(compacted.model());
            assertThat(graph.parameterBytes()).isEqualTo(whole);
            assertThat((double) left / whole).isBetween(0.47, 0.5);
        }
    }

    private static long bytes(Model of) {
        return of.weights().asMap().values().stream()
                .mapToLong(tensor -> tensor.toBytes().length)
                .sum();
    }

    @Test
    void aCostOfTheCallersOwnIsMet() {
        Pruner pruner = pruner(Pattern.CHANNEL, ScoreScope.LOCAL, 0.5, Of.LATENCY);
        Mask mask = pruner.next(Mask.all(), evidence, 0.5, left -> 1000.0 + left.macs());
        try (Model left = Compaction.unproved(model, pruner.groups(), mask);
                Compacted compacted = Compaction.compact(model, pruner.groups(), mask)) {
            assertThat(left.graph().macs())
                    .isEqualTo(compacted.model().graph().macs())
                    .isLessThanOrEqualTo((1000 + graph.macs()) / 2 - 1000);
            compacted
                    .model()
                    .weights()
                    .asMap()
                    .forEach((name, tensor) ->
                            assertThat(left.weights().get(name).toBytes()).isEqualTo(tensor.toBytes()));
        }
        assertThatThrownBy(() -> pruner.next(Mask.all(), evidence))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("LATENCY")
                .hasMessageContaining("hand one");
        assertThatThrownBy(() -> pruner(Pattern.ELEMENT, ScoreScope.LOCAL, 0.5, Of.LATENCY))
                .hasMessageContaining("LATENCY")
                .hasMessageContaining("single weights");
        assertThatThrownBy(() -> pruner(Pattern.ELEMENT, ScoreScope.LOCAL, 0.5, Of.SPARSITY)
                        .next(Mask.all(), evidence, 0.5, Graph::macs))
                .hasMessageContaining("prune channels");
    }

    /** Without evidence of its own the flow is computed anew as the mask narrows, so that no layer is cut through. */
    @Test
    void theSynapticFlowIsComputedFromWeightsAlone() {
        Evidence bare = Evidence.ofWeights(evidence.weights());
        for (Pattern pattern : Pattern.values()) {
            Of of = switch (pattern) {
                case ELEMENT -> Of.SPARSITY;
                case CHANNEL -> Of.CHANNELS;
                case LAYER -> Of.LAYERS;
            };
            Policy policy = policy(Criterion.SYNFLOW, pattern, ScoreScope.GLOBAL, Budget.of(0.9, of));
            Mask mask = new Pruner(graph, policy).next(Mask.all(), bare);
            Mask again = new Pruner(graph, policy).next(Mask.all(), bare);
            assertThat(again.channels()).isEqualTo(mask.channels());
            assertThat(again.layers()).isEqualTo(mask.layers()).hasSize(pattern == Pattern.LAYER ? 6 : 0);
            if (pattern == Pattern.ELEMENT) {
                assertThat(mask.sparsity()).isCloseTo(0.9, within(1e-4));
                assertThat(mask.elements().values()).allMatch(bits -> bits.kept() > 0);
            }
        }
    }
}
