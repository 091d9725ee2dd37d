package dev.espalier.pipeline;

import dev.espalier.prune.Budget;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Schedule;
import dev.espalier.prune.ScoreScope;
import dev.espalier.train.SettingKey;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is pruned, when, and on how many batches of gradients it is judged.
 *
 * @param course how pruning and training take turns
 * @param probe how what pruning goes by is measured
 * @param shrunkBelow instead of meeting the target, remove at once what a penalty has shrunk below this share of its layer:
 *     of the root mean square for single weights, of the strongest for channels (see {@link ShrunkMask}); 0 to meet the target
 * @param permute arrange channels first, so that weights that share decisions are alike, see {@link dev.espalier.prune.Permutation}
 * @param reestimateBatches batches from which running statistics are taken anew after pruning that no training follows; 0 for none
 */
public record PruningRecipe(
        Policy policy, Course course, Probe probe, double shrunkBelow, boolean permute, int reestimateBatches) {
    /**
     * How what pruning goes by is measured.
     *
     * @param gradientBatches batches on which gradients or activations are measured for the criteria that need them
     * @param batch samples per run that latency is measured with, where the model leaves it open
     */
    public record Probe(int gradientBatches, int batch) {
        public Probe {
            if (gradientBatches < 1) {
                throw new IllegalArgumentException("gradient-batches must be at least 1, got " + gradientBatches);
            }
            if (batch < 1) {
                throw new IllegalArgumentException("batch must be at least 1, got " + batch);
            }
        }
    }

    public PruningRecipe {
        if (!(shrunkBelow >= 0 && shrunkBelow < 1)) {
            throw new IllegalArgumentException("shrunk-below must be at least 0 and below 1, got " + shrunkBelow);
        }
        if (shrunkBelow > 0 && policy.budget().of() == Budget.Of.LATENCY) {
            throw new IllegalArgumentException(
                    "shrunk-below meets no target, so it takes none of latency; leave out one");
        }
        if (shrunkBelow > 0 && !course.equals(new Course.Scheduled(Schedule.oneShot()))) {
            throw new IllegalArgumentException("shrunk-below removes everything at once; use prune-schedule oneshot");
        }
        boolean often = course instanceof Course.Scheduled s && !(s.schedule() instanceof Schedule.Iterative);
        if (policy.budget().of() == Budget.Of.LATENCY && (often || !(course instanceof Course.Scheduled))) {
            throw new IllegalArgumentException(
                    "latency is measured whenever something is removed, which this schedule does too often; use"
                            + " prune-schedule oneshot or iterative");
        }
        if (policy.scope() == ScoreScope.SENSITIVITY && (often || !(course instanceof Course.Scheduled))) {
            throw new IllegalArgumentException(
                    "sensitivity is measured layer by layer whenever something is removed, which this schedule does too"
                            + " often; use prune-schedule oneshot or iterative");
        }
        if (policy.pattern() == Pattern.LAYER) {
            checkLayers(policy, course, shrunkBelow);
        }
        if (reestimateBatches < 0) {
            throw new IllegalArgumentException("reestimate-batches must be at least 0, got " + reestimateBatches);
        }
        boolean regrows = course instanceof Course.Dynamic
                || (course instanceof Course.Scheduled s && s.schedule() instanceof Schedule.Cyclic);
        boolean grained = !policy.grain().isSingle();
        if (regrows && (policy.pattern() != Pattern.ELEMENT || grained)) {
            throw new IllegalArgumentException("prune-schedule cyclic, set and rigl bring removed weights back, one by"
                    + " one, which removed channels and weights that share a decision cannot: use pattern element, got "
                    + pattern(policy));
        }
        if (permute && !grained) {
            throw new IllegalArgumentException("permute arranges channels for weights that share decisions: use pattern"
                    + " nm, vector or block, got " + pattern(policy));
        }
        if (shrunkBelow > 0 && grained) {
            throw new IllegalArgumentException(
                    "shrunk-below looks at single weights or channels: use pattern element or" + " channel, got "
                            + pattern(policy));
        }
    }

    private static void checkLayers(Policy policy, Course course, double shrunkBelow) {
        if (shrunkBelow > 0) {
            throw new IllegalArgumentException("shrunk-below is of single weights and channels, the pattern is layers");
        }
        if (course.duringFit() && !course.equals(new Course.Scheduled(Schedule.oneShot()))) {
            throw new IllegalArgumentException("layers go at once and whole, between fits: use prune-schedule oneshot,"
                    + " iterative or lottery, got " + course);
        }
        if (policy.budget().of() == Budget.Of.LATENCY && !course.equals(new Course.Scheduled(Schedule.oneShot()))) {
            throw new IllegalArgumentException(
                    "the latency that layers leave is raced against the dense model, of which"
                            + " rounds keep less and less: use prune-schedule oneshot, got " + course);
        }
    }

    /** The keys of a pruning recipe, in the order in which a reader wants them. */
    public static List<SettingKey> keys() {
        return PruningSettings.KEYS;
    }

    /**
     * Reads a flat map of settings; absent keys take their default, unknown keys are refused by name.
     *
     * @param ignored names of nodes or blocks to leave alone
     */
    public static PruningRecipe fromMap(Map<String, ?> map, Set<String> ignored) {
        return PruningSettings.read(map, ignored);
    }

    /** The pattern as facts and messages spell it: channel, element, 2:4, or 16x1 for vectors of 16. */
    private static String pattern(Policy policy) {
        return policy.pattern() == Pattern.ELEMENT ? policy.grain().toString() : SettingKey.label(policy.pattern());
    }

    /** The same pruning with another seed of the random criterion. */
    PruningRecipe withSeed(long seed) {
        return with(policy.withSeed(seed));
    }

    /** The same pruning with another share to be removed. */
    PruningRecipe withTarget(double share) {
        return with(policy.withTarget(share));
    }

    private PruningRecipe with(Policy other) {
        return new PruningRecipe(other, course, probe, shrunkBelow, permute, reestimateBatches);
    }

    /**
     * The same pruning by random numbers from {@code seed}: the baseline that a criterion must beat. What is exchanged in training
     * stays where it fell instead.
     */
    public PruningRecipe random(long seed) {
        Policy random = policy.random(seed);
        Course fixed =
                course instanceof Course.Dynamic d ? new Course.Dynamic(d.byGradient(), 0, d.end(), d.every()) : course;
        return new PruningRecipe(random, fixed, probe, 0, permute, reestimateBatches);
    }

    /** True if pruning happens during a fit. */
    public boolean gradual() {
        return course.duringFit();
    }

    /** Whether it needs training to prune at all: gradual courses, and lotteries, which train again after each round. */
    public boolean prunesInTraining() {
        return gradual() || course instanceof Course.Lottery;
    }

    /** The facts of this recipe, by name. */
    public SortedMap<String, String> facts() {
        SortedMap<String, String> facts = new TreeMap<>();
        facts.put("pattern", pattern(policy));
        facts.put("criterion", SettingKey.label(policy.criterion()));
        facts.put("scope", SettingKey.label(policy.scope()));
        facts.put("aggregation", SettingKey.label(policy.ranking().aggregation()));
        facts.put("normalisation", SettingKey.label(policy.ranking().normalisation()));
        facts.put("target", Double.toString(policy.budget().target()));
        facts.put("table", new TreeMap<>(policy.budget().table()).toString());
        facts.put("of", SettingKey.label(policy.budget().of()));
        facts.put("round-to", Integer.toString(policy.budget().roundTo()));
        facts.put("layer-floor", Double.toString(policy.spared().ofEach()));
        facts.put("inputs", new TreeMap<>(policy.spared().open()).toString());
        facts.put("exact-only", Boolean.toString(policy.spared().inexact()));
        facts.put("batch", Integer.toString(probe.batch()));
        facts.put("prune-seed", Long.toString(policy.seed()));
        facts.put("ignored", String.join(" ", new TreeSet<>(policy.ignored())));
        facts.put("prune-schedule", course.toString());
        facts.put("gradient-batches", Integer.toString(probe.gradientBatches()));
        facts.put("permute", Boolean.toString(permute));
        facts.put("shrunk-below", Double.toString(shrunkBelow));
        facts.put("reestimate-batches", Integer.toString(reestimateBatches));
        return facts;
    }
}
