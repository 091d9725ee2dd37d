package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * One step on channels: decides how many channels each group loses, then removes those with the smallest scores.
 *
 * <p>A budget of channels is met exactly as far as rounding allows: globally {@code floor(target * all)}, locally
 * {@code floor(target * channels)} of every group (or of all groups of one structure, or with the group's own target), by sensitivity as
 * globally, and always at least one channel (or the rounding step) stays per group. A
 * cost of the whole graph, such as its MACs, is met by the shortest beginning of the removal order whose remaining graph, recomputed
 * exactly, is at or below the target; it falls short of the target by less than the last channel (or rounding step) saves. Where a
 * measured cost rises here and there as channels go, the beginning still meets the target but may not be the shortest.
 */
final class ChannelStep {
    /** Absorbs the rounding of products such as 0.7 * 10. */
    private static final double SLACK = 1e-9;
    /** As a share of the greatest: a group that saves nothing must not have infinite scores. */
    private static final double LEAST_SAVING = 1e-6;

    private final ChannelGroups groups;
    private final Policy policy;
    private final Evidence evidence;
    private final List<ChannelGroup> prunable;

    ChannelStep(ChannelGroups groups, Policy policy, Evidence evidence) {
        this.groups = groups;
        this.policy = policy;
        this.evidence = evidence;
        this.prunable = groups.prunable();
    }

    /** @param cost what the target is a share of; none for channels, which are counted */
    Mask next(Mask mask, Budget budget, Optional<ToDoubleFunction<Graph>> cost) {
        if (prunable.isEmpty()) {
            throw new PruningException(
                    "graph '" + groups.graph().name() + "' has no channels that may be removed: " + groups.frozen());
        }
        List<Tensor> scores = new ArrayList<>();
        List<Tensor> raw = perCost(new ChannelScores(groups.graph(), policy, evidence).of(prunable, mask), mask, cost);
        for (int i = 0; i < raw.size(); i++) {
            scores.add(bounded(raw.get(i), mask.kept(prunable.get(i)), floor(prunable.get(i))));
        }
        RemovalOrder order = order(scores);
        int[] kept = keptCounts(order, scores, mask, budget, cost);
        Map<String, Kept> channels = new LinkedHashMap<>();
        for (int i = 0; i < kept.length; i++) {
            channels.put(prunable.get(i).id(), best(scores.get(i), kept[i]));
        }
        return Mask.of(Map.of(), channels);
    }

    private List<Tensor> perCost(List<Tensor> raw, Mask mask, Optional<ToDoubleFunction<Graph>> cost) {
        if (policy.normalisation() != Normalisation.COST || cost.isEmpty()) {
            return raw;
        }
        double[] savings = savings(mask, cost.get());
        double greatest = Arrays.stream(savings).max().orElseThrow();
        return greatest <= 0
                ? raw
                : IntStream.range(0, savings.length)
                        .mapToObj(i -> raw.get(i).div(Math.max(savings[i] / greatest, LEAST_SAVING)))
                        .toList();
    }

    /** What the loss of a channel of each group saves, averaged over those that can only go together; 0 of a group that can lose none. */
    private double[] savings(Mask mask, ToDoubleFunction<Graph> cost) {
        int[] kept =
                prunable.stream().mapToInt(group -> mask.kept(group).count()).toArray();
        double now = cost.applyAsDouble(graph(kept));
        double[] savings = new double[kept.length];
        for (int i = 0; i < kept.length; i++) {
            int fewer = Math.max(kept[i] - policy.budget().roundTo(), floor(prunable.get(i)));
            if (fewer < kept[i]) {
                int[] without = kept.clone();
                without[i] = fewer;
                savings[i] = (now - cost.applyAsDouble(graph(without))) / (kept[i] - fewer);
            }
        }
        return savings;
    }

    private RemovalOrder order(List<Tensor> scores) {
        return switch (policy.scope()) {
            case GLOBAL -> k -> removedGlobally(scores, k);
            case LOCAL, TABLE, ERK ->
                RemovalOrder.evenly(
                        prunable.stream().mapToInt(ChannelGroup::channels).toArray(), floors());
            case SENSITIVITY -> byDamage();
            case ISOMORPHIC -> {
                List<List<Integer>> pools = pools();
                RemovalOrder evenly = RemovalOrder.evenly(
                        pools.stream()
                                .mapToInt(p -> sum(p, ChannelGroup::channels))
                                .toArray(),
                        pools.stream().mapToInt(p -> sum(p, this::floor)).toArray());
                yield k -> removedWithin(pools, scores, evenly.first(k));
            }
        };
    }

    private RemovalOrder byDamage() {
        Sensitivity sensitivity =
                Sensitivity.of(evidence, prunable.stream().map(ChannelGroup::id).toList());
        long[] sizes = prunable.stream().mapToLong(ChannelGroup::channels).toArray();
        long[] most = prunable.stream().mapToLong(g -> g.channels() - floor(g)).toArray();
        return k -> LongStream.of(sensitivity.first(k, sizes, most))
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    private List<List<Integer>> pools() {
        return new Isomorphism(groups.graph()).ofGroups(prunable);
    }

    private int sum(List<Integer> pool, ToIntFunction<ChannelGroup> count) {
        return pool.stream().mapToInt(i -> count.applyAsInt(prunable.get(i))).sum();
    }

    /** What each group loses if each pool loses so many of its smallest scores. */
    private static int[] removedWithin(List<List<Integer>> pools, List<Tensor> scores, int[] losses) {
        int[] removed = new int[scores.size()];
        for (int p = 0; p < losses.length; p++) {
            List<Integer> pool = pools.get(p);
            int[] own = removedGlobally(pool.stream().map(scores::get).toList(), losses[p]);
            for (int i = 0; i < own.length; i++) {
                removed[pool.get(i)] = own[i];
            }
        }
        return removed;
    }

    /** The names by which a table may call a group: its own and those of its producers. */
    static List<String> names(ChannelGroup group) {
        return Stream.concat(Stream.of(group.id()), group.producers().stream()).toList();
    }

    /** The fewest channels that a group keeps. */
    private int floor(ChannelGroup group) {
        int least = Math.toIntExact(policy.spared().least(group.channels()));
        return Math.min(Math.max(policy.budget().roundTo(), least), group.channels());
    }

    private int[] floors() {
        return prunable.stream().mapToInt(this::floor).toArray();
    }

    /** Scores in which removed channels come first and the best {@code floor} of the others last. */
    private static Tensor bounded(Tensor scores, Kept kept, int floor) {
        boolean[] stays = new boolean[kept.channels()];
        Arrays.stream(kept.indices()).forEach(c -> stays[c] = true);
        Tensor lowest = Tensor.full(Double.NEGATIVE_INFINITY, scores.dtype(), scores.device());
        Tensor highest = Tensor.full(Double.POSITIVE_INFINITY, scores.dtype(), scores.device());
        Tensor left = scores.where(truths(stays).to(scores.device()), lowest);
        BitMask best = Kernels.on(scores.device())
                .masks(List.of(left), kept.channels() - floor)
                .get(0);
        return left.where(best.unpack().logicalNot(), highest);
    }

    private static Tensor truths(boolean[] values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (values[i] ? 1 : 0);
        }
        return Tensor.of(bytes, bytes.length).ne(0);
    }

    private static int[] removedGlobally(List<Tensor> scores, int k) {
        Kernels kernels = Kernels.on(scores.get(0).device());
        long[] kept = kernels.count(kernels.masks(scores, k));
        return IntStream.range(0, kept.length)
                .map(i -> (int) (scores.get(i).numel() - kept[i]))
                .toArray();
    }

    private static Kept best(Tensor scores, int kept) {
        int channels = (int) scores.numel();
        BitMask bits = Kernels.on(scores.device())
                .masks(List.of(scores), channels - kept)
                .get(0);
        return Kept.of(channels, Indices.where(bits.unpack()));
    }

    private int[] keptCounts(
            RemovalOrder order, List<Tensor> scores, Mask mask, Budget budget, Optional<ToDoubleFunction<Graph>> cost) {
        int removable = prunable.stream().mapToInt(g -> g.channels() - floor(g)).sum();
        if (cost.isEmpty()) {
            if (policy.scope() != ScoreScope.GLOBAL && policy.scope() != ScoreScope.SENSITIVITY) {
                return counts(shares(scores, budget), mask);
            }
            int all = prunable.stream().mapToInt(ChannelGroup::channels).sum();
            int k = share(budget.target(), all);
            if (k > removable) {
                throw new PruningException("target " + budget.target() + " asks for " + k + " of " + all
                        + " channels but at most " + removable + " can go; lower it");
            }
            return counts(order.first(k), mask);
        }
        double limit = (1 - budget.target()) * cost.get().applyAsDouble(groups.graph()) * (1 + SLACK);
        return within(order, mask, cost.get(), limit, removable);
    }

    /** What each group keeps after such removals: rounded up, at least the floor and never more than the mask has left. */
    private int[] counts(int[] removed, Mask mask) {
        int step = policy.budget().roundTo();
        int[] kept = new int[removed.length];
        for (int i = 0; i < kept.length; i++) {
            ChannelGroup group = prunable.get(i);
            int left = Math.max(group.channels() - removed[i], floor(group));
            int rounded = (left + step - 1) / step * step;
            kept[i] = Math.min(rounded, mask.kept(group).count());
        }
        return kept;
    }

    /** What each group loses where groups, or pools of them, have shares of their own. */
    private int[] shares(List<Tensor> scores, Budget budget) {
        if (policy.scope() == ScoreScope.ISOMORPHIC) {
            List<List<Integer>> pools = pools();
            int[] losses = pools.stream()
                    .mapToInt(p -> Math.min(
                            share(budget.target(), sum(p, ChannelGroup::channels)),
                            sum(p, g -> g.channels() - floor(g))))
                    .toArray();
            return removedWithin(pools, scores, losses);
        }
        return prunable.stream()
                .mapToInt(g -> share(budget.targetOf(names(g)), g.channels()))
                .toArray();
    }

    private static int share(double target, int channels) {
        return (int) Math.floor(target * channels + SLACK);
    }

    /** The kept counts of the shortest beginning of the order whose graph costs at most the limit. */
    private int[] within(RemovalOrder order, Mask mask, ToDoubleFunction<Graph> cost, double limit, int removable) {
        double least = cost.applyAsDouble(graph(counts(order.first(removable), mask)));
        if (least > limit) {
            throw new PruningException("target " + policy.budget().of() + " <= " + told(limit)
                    + " cannot be met: with the fewest channels " + told(least) + " are left; lower the target");
        }
        int low = 0;
        int high = removable;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (cost.applyAsDouble(graph(counts(order.first(middle), mask))) <= limit) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return counts(order.first(low), mask);
    }

    /** Whole numbers from a thousand on, else four digits. */
    private static String told(double cost) {
        return Math.abs(cost) >= 1000 ? Long.toString(Math.round(cost)) : String.format(Locale.ROOT, "%.4g", cost);
    }

    /** The graph that is left; which channels stay does not matter for its cost, only how many. */
    private Graph graph(int[] kept) {
        Map<String, Kept> choice = new LinkedHashMap<>();
        for (int i = 0; i < kept.length; i++) {
            int channels = prunable.get(i).channels();
            choice.put(
                    prunable.get(i).id(),
                    Kept.of(channels, IntStream.range(0, kept[i]).toArray()));
        }
        return GraphCut.of(groups, choice);
    }
}
