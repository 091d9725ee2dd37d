package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.prune.Budget.Of;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@NoLeaks
class PrunerTest {
    private final Graph graph =
            Models.layers("resnet20", Shape.of(3, 16, 16), 10, 1).graph();
    private Scope scope;
    private Model model;
    private Evidence evidence;

    @BeforeEach
    void open() {
        model = RandomModel.of(graph, 5);
        scope = Scope.open();
        Map<String, Tensor> gradients = new HashMap<>();
        try (Model other = RandomModel.of(graph, 6)) {
            other.weights().asMap().forEach((name, tensor) -> gradients.put(name, tensor.sub(0.2)));
        }
        evidence = Evidence.ofWeights(model.weights().asMap());
        for (Measure measure : Measure.values()) {
            evidence = evidence.with(measure, measure.isByGroup() ? perChannel() : gradients);
        }
    }

    private Map<String, Tensor> perChannel() {
        Map<String, Tensor> measured = new HashMap<>();
        ChannelGroups.trace(graph)
                .prunable()
                .forEach(g -> measured.put(g.id(), RandomScores.draw(7, g.id(), g.channels())));
        return measured;
    }

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

    @AfterEach
    void close() {
        scope.close();
        model.close();
    }

    private static Policy policy(Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget) {
        return Policy.of(criterion, pattern, scope, budget);
    }

    private Pruner pruner(Pattern pattern, ScoreScope scoreScope, double target, Of of) {
        return new Pruner(graph, policy(Criterion.L1, pattern, scoreScope, Budget.of(target, of)));
    }

    private static long removed(BitMask bits) {
        return bits.shape().numel() - bits.kept();
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
                                    .mapToLong(PrunerTest::removed)
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
        long removed =
                mask.elements().values().stream().mapToLong(PrunerTest::removed).sum();
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

    @Test
    void inexactChannelsStayWhereOnlyExactRemovalsAreAllowed() {
        Graph normed = Networks.layerNorm();
        Budget budget = Budget.of(0.5, Of.CHANNELS);
        Policy any = Policy.of(Criterion.L1, Pattern.CHANNEL, ScoreScope.LOCAL, budget);
        Policy exact = new Policy(any.ranking(), Pattern.CHANNEL, budget, new Spared(Set.of(), true), 0);
        assertThat(new Pruner(normed, any).groups().prunable())
                .anyMatch(group -> !group.approximation().isEmpty());
        assertThat(new Pruner(normed, exact).groups().prunable())
                .allMatch(group -> group.approximation().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(
            value = ScoreScope.class,
            names = {"GLOBAL", "LOCAL", "ISOMORPHIC", "SENSITIVITY"})
    void everyLayerKeepsItsFloor(ScoreScope scope) {
        Ranking ranking = Ranking.of(Criterion.TAYLOR, scope);
        Spared spared = new Spared(Set.of(), false, 0.3, Map.of());
        Map<String, Tensor> damages = new HashMap<>();
        ChannelGroups.trace(graph).prunable().forEach(g -> damages.put(g.id(), damage(g.id())));
        ElementStep.eligible(graph, Set.of()).forEach(p -> damages.put(p, damage(p)));
        Evidence scanned = evidence.with(Measure.DAMAGES, damages);
        for (Of of : new Of[] {Of.CHANNELS, Of.MACS, Of.PARAMETERS}) {
            Policy policy = new Policy(ranking, Pattern.CHANNEL, Budget.of(0.6, of), spared, 0);
            Pruner pruner = new Pruner(graph, policy);
            Mask mask = pruner.next(Mask.all(), scanned);
            pruner.groups()
                    .prunable()
                    .forEach(g -> assertThat(mask.kept(g).count())
                            .as(of + " " + g.id())
                            .isGreaterThanOrEqualTo((int) Math.ceil(0.3 * g.channels() - 1e-9)));
        }
        if (scope == ScoreScope.GLOBAL) {
            Policy free = new Policy(ranking, Pattern.CHANNEL, Budget.of(0.6, Of.CHANNELS), Spared.NOTHING, 0);
            Mask bare = new Pruner(graph, free).next(Mask.all(), scanned);
            assertThat(new Pruner(graph, free).groups().prunable())
                    .anyMatch(g -> bare.kept(g).count() < 0.3 * g.channels());
        }
        Policy policy = new Policy(ranking, Pattern.ELEMENT, Budget.of(0.6, Of.SPARSITY), spared, 0);
        Mask mask = new Pruner(graph, policy).next(Mask.all(), scanned);
        assertThat(mask.sparsity()).isCloseTo(0.6, within(1e-3));
        mask.elements()
                .forEach((name, bits) -> assertThat(bits.kept()).as(name).isGreaterThanOrEqualTo((long)
                        Math.ceil(0.3 * bits.shape().numel() - 1e-9)));
        assertThatThrownBy(() -> new Policy(ranking, Pattern.ELEMENT, Budget.of(0.8, Of.SPARSITY), spared, 0))
                .hasMessageContaining("every layer keeps 0.3");
        assertThatThrownBy(() -> new Spared(Set.of(), false, 1, Map.of())).hasMessageContaining("below 1");
        // 1 - 0.9 is less than 0.1 in binary.
        Spared most = new Spared(Set.of(), false, 0.9, Map.of());
        assertThat(new Policy(ranking, Pattern.ELEMENT, Budget.of(0.1, Of.SPARSITY), most, 0).spared())
                .isEqualTo(most);
    }

    /** Falls and rises at random from layer to layer. */
    private static Tensor damage(String layer) {
        return RandomScores.draw(9, layer, Sensitivity.SHARES.size());
    }

    @Test
    void likeStructuresCompeteAndLoseTheSameShare() {
        Policy policy = policy(Criterion.L1, Pattern.CHANNEL, ScoreScope.ISOMORPHIC, Budget.of(0.5, Of.CHANNELS));
        Pruner pruner = new Pruner(graph, policy);
        List<ChannelGroup> prunable = pruner.groups().prunable();
        Mask mask = pruner.next(Mask.all(), evidence);
        // The nine inner groups of the residual blocks are alike: conv, norm, conv.
        List<ChannelGroup> inner =
                prunable.stream().filter(g -> g.producers().size() == 1).toList();
        assertThat(inner).hasSize(9);
        List<List<Integer>> pools = new Isomorphism(graph).ofGroups(prunable);
        assertThat(pools)
                .anyMatch(p -> p.equals(inner.stream().map(prunable::indexOf).toList()));
        for (List<Integer> pool : pools) {
            int all = pool.stream().mapToInt(i -> prunable.get(i).channels()).sum();
            int kept = pool.stream()
                    .mapToInt(i -> mask.kept(prunable.get(i)).count())
                    .sum();
            assertThat(all - kept).isEqualTo(all / 2);
        }
        // Within the pool the smallest go, whatever their group, but the best of each group, which always stays.
        List<Tensor> scores = new ChannelScores(graph, policy, evidence).of(inner, Mask.all());
        double largestRemoved = 0;
        double smallestKept = Double.MAX_VALUE;
        for (int i = 0; i < inner.size(); i++) {
            float[] own = scores.get(i).toFloatArray();
            double best = IntStream.range(0, own.length)
                    .mapToDouble(c -> own[c])
                    .max()
                    .orElseThrow();
            for (int c = 0; c < own.length; c++) {
                boolean kept = mask.kept(inner.get(i)).has(c);
                if (own[c] == best) {
                    assertThat(kept).isTrue();
                    continue;
                }
                largestRemoved = kept ? largestRemoved : Math.max(largestRemoved, own[c]);
                smallestKept = kept ? Math.min(smallestKept, own[c]) : smallestKept;
            }
        }
        assertThat(largestRemoved).isLessThanOrEqualTo(smallestKept);
        Mask bits =
                pruner(Pattern.ELEMENT, ScoreScope.ISOMORPHIC, 0.6, Of.SPARSITY).next(Mask.all(), evidence);
        long convolved = bits.elements().entrySet().stream()
                .filter(e -> e.getKey().contains("conv"))
                .mapToLong(e -> e.getValue().shape().numel())
                .sum();
        long gone = bits.elements().entrySet().stream()
                .filter(e -> e.getKey().contains("conv"))
                .mapToLong(e -> removed(e.getValue()))
                .sum();
        assertThat(gone).isEqualTo(Math.round(0.6 * convolved));
        BitMask dense = bits.elements()
                .getOrDefault(
                        "dense1.weight", BitMask.pack(Tensor.of(new long[1], 1).ne(0)));
        assertThat(removed(dense)).isEqualTo(Math.round(0.6 * dense.shape().numel()));
    }

    @Test
    void aTableGivesLayersTargetsOfTheirOwn() {
        String node = "stage1.0.conv1";
        Budget channels = new Budget(0.25, Of.CHANNELS, 1, Map.of(node, 0.5));
        Pruner pruner = new Pruner(graph, policy(Criterion.L1, Pattern.CHANNEL, ScoreScope.TABLE, channels));
        for (double share : new double[] {0.125, 0.25}) {
            Mask mask = pruner.next(Mask.all(), evidence, share);
            for (ChannelGroup group : pruner.groups().prunable()) {
                double own = group.producers().contains(node) ? 2 * share : share;
                assertThat(mask.kept(group).count())
                        .as(group.id())
                        .isEqualTo(group.channels() - (int) (own * group.channels()));
            }
        }
        Budget weights = new Budget(0.2, Of.SPARSITY, 1, Map.of(node, 0.9));
        Mask bits = new Pruner(graph, policy(Criterion.L1, Pattern.ELEMENT, ScoreScope.TABLE, weights))
                .next(Mask.all(), evidence);
        bits.elements()
                .forEach((name, mask) -> assertThat(removed(mask))
                        .as(name)
                        .isEqualTo(Math.round((name.startsWith(node) ? 0.9 : 0.2)
                                * mask.shape().numel())));
        assertThatThrownBy(() -> new Pruner(
                        graph,
                        policy(
                                Criterion.L1,
                                Pattern.CHANNEL,
                                ScoreScope.TABLE,
                                new Budget(0.2, Of.CHANNELS, 1, Map.of("conv99", 0.5)))))
                .hasMessageContaining("'conv99'");
        assertThatThrownBy(() -> pruner(Pattern.CHANNEL, ScoreScope.TABLE, 0.5, Of.CHANNELS))
                .hasMessageContaining("go together");
        assertThatThrownBy(() -> new Budget(0.2, Of.CHANNELS, 1, Map.of("conv1", 1.0)))
                .hasMessageContaining("'conv1' must be at least 0 and below 1");
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
