package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.prune.Budget.Of;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a pruner may take from which layer: pools of the scopes, tables, floors and removals that are not exact. */
@NoLeaks
class ScoreScopeTest extends PrunedResNet {
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

    private Policy taylor(Normalisation normalisation, Of of) {
        Ranking ranking = new Ranking(Criterion.TAYLOR, Aggregation.TOGETHER, normalisation, ScoreScope.GLOBAL);
        return new Policy(ranking, Pattern.CHANNEL, Budget.of(0.3, of), Spared.NOTHING, 0);
    }

    private static double cost(Graph graph, Of of) {
        return of == Of.MACS ? graph.macs() : of == Of.BYTES ? graph.parameterBytes() : graph.parameterCount();
    }

    /** The importance that a mask takes away. */
    private double lost(Mask mask, List<ChannelGroup> prunable, List<Tensor> importances) {
        double lost = 0;
        for (int i = 0; i < prunable.size(); i++) {
            float[] own = importances.get(i).toFloatArray();
            for (int c = 0; c < own.length; c++) {
                lost += mask.kept(prunable.get(i)).has(c) ? 0 : own[c];
            }
        }
        return lost;
    }

    @ParameterizedTest
    @EnumSource(
            value = Of.class,
            names = {"MACS", "PARAMETERS", "BYTES"})
    void whatEstimatesTheLossIsComparedByWhatItSaves(Of of) {
        Pruner pruner = new Pruner(graph, taylor(Normalisation.AUTO, of));
        ChannelGroups groups = pruner.groups();
        List<ChannelGroup> prunable = groups.prunable();
        Mask mask = pruner.next(Mask.all(), evidence);
        List<Tensor> importances =
                new ChannelScores(graph, taylor(Normalisation.NONE, of), evidence).of(prunable, Mask.all());
        double largestRemoved = 0;
        double smallestKept = Double.MAX_VALUE;
        for (int i = 0; i < prunable.size(); i++) {
            ChannelGroup group = prunable.get(i);
            int[] fewer = IntStream.range(0, group.channels() - 1).toArray();
            Graph without = GraphCut.of(groups, Map.of(group.id(), Kept.of(group.channels(), fewer)));
            double saved = cost(graph, of) - cost(without, of);
            float[] own = importances.get(i).toFloatArray();
            int best = IntStream.range(0, own.length)
                    .reduce((a, b) -> own[a] >= own[b] ? a : b)
                    .orElseThrow();
            for (int c = 0; c < own.length; c++) {
                boolean kept = mask.kept(group).has(c);
                double ratio = own[c] / saved;
                largestRemoved = kept ? largestRemoved : Math.max(largestRemoved, ratio);
                // The best of a group stays whatever its score.
                smallestKept = kept && c != best ? Math.min(smallestKept, ratio) : smallestKept;
            }
        }
        // Quotients of 32 bits may be equal where these are not.
        assertThat(largestRemoved).isPositive().isLessThanOrEqualTo(smallestKept * (1 + 2 * Math.ulp(1f)));
        Mask plain = new Pruner(graph, taylor(Normalisation.NONE, of)).next(Mask.all(), evidence);
        assertThat(lost(mask, prunable, importances)).isLessThan(lost(plain, prunable, importances));
        Mask named = new Pruner(graph, taylor(Normalisation.COST, of)).next(Mask.all(), evidence);
        assertThat(prunable)
                .allSatisfy(group -> assertThat(named.kept(group).indices())
                        .isEqualTo(mask.kept(group).indices()));
    }

    @Test
    void costsAreKnownOnlyOfSumsOverTheGraph() {
        assertThatThrownBy(() -> taylor(Normalisation.COST, Of.CHANNELS))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("the budget is of CHANNELS; choose another");
        assertThatThrownBy(() -> taylor(Normalisation.COST, Of.LATENCY)).hasMessageContaining("LATENCY");
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
        Budget block = new Budget(0, Of.CHANNELS, 1, Map.of("stage1", 0.5));
        Pruner ofBlock = new Pruner(graph, policy(Criterion.L1, Pattern.CHANNEL, ScoreScope.TABLE, block));
        Mask halved = ofBlock.next(Mask.all(), evidence);
        for (ChannelGroup group : ofBlock.groups().prunable()) {
            boolean within = group.producers().stream().anyMatch(name -> name.startsWith("stage1."));
            assertThat(halved.kept(group).count())
                    .as(group.id())
                    .isEqualTo(within ? group.channels() - group.channels() / 2 : group.channels());
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
                                new Budget(0.2, Of.CHANNELS, 1, Map.of("stage", 0.5)))))
                .hasMessageContaining("'stage'");
        assertThatThrownBy(() -> pruner(Pattern.CHANNEL, ScoreScope.TABLE, 0.5, Of.CHANNELS))
                .hasMessageContaining("go together");
        assertThatThrownBy(() -> new Budget(0.2, Of.CHANNELS, 1, Map.of("conv1", 1.0)))
                .hasMessageContaining("'conv1' must be at least 0 and below 1");
    }
}
