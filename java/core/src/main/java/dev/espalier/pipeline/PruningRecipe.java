package dev.espalier.pipeline;

import dev.espalier.prune.Aggregation;
import dev.espalier.prune.Budget;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Normalisation;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Ranking;
import dev.espalier.prune.Schedule;
import dev.espalier.prune.ScoreScope;
import dev.espalier.train.SettingKey;
import dev.espalier.train.Settings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is pruned, when, and on how many batches of gradients it is judged.
 *
 * @param schedule a cubic one prunes during a fit, any other between fits
 * @param gradientBatches batches on which gradients or activations are measured for the criteria that need them
 * @param shrunkBelow instead of meeting the target, remove at once what a penalty has shrunk below this share of its layer:
 *     of the root mean square for single weights, of the strongest for channels; 0 to meet the target
 */
public record PruningRecipe(Policy policy, Schedule schedule, int gradientBatches, double shrunkBelow) {
    /** What a target is a share of. */
    private enum Of {
        /** Channels for the channel pattern, sparsity for single weights. */
        AUTO,
        CHANNELS,
        MACS,
        PARAMETERS,
        SPARSITY
    }

    /** When pruning happens. */
    private enum When {
        ONESHOT,
        ITERATIVE,
        CUBIC
    }

    private static final List<SettingKey> KEYS = List.of(
            SettingKey.choice("pattern", Pattern.CHANNEL, "what is removed: whole channels or single weights"),
            SettingKey.choice("criterion", Criterion.L2, "what importance is measured by"),
            SettingKey.choice("scope", ScoreScope.GLOBAL, "importances are compared within a layer or over all"),
            SettingKey.choice("aggregation", Aggregation.TOGETHER, "how the places of a channel become one importance"),
            SettingKey.choice(
                    "normalisation", Normalisation.AUTO, "how importances of different layers are made alike"),
            SettingKey.real("target", 0.5, "share to be removed"),
            SettingKey.text("table", "", "other targets by node, for scope table: NAME=SHARE,NAME=SHARE"),
            SettingKey.choice("of", Of.AUTO, "what the target is a share of; auto: channels, or weights"),
            SettingKey.integer("round-to", 1, "every layer keeps a multiple of this many channels, or all"),
            SettingKey.integer("prune-seed", 1, "seed of the random criterion"),
            SettingKey.choice("prune-schedule", When.ONESHOT, "all at once, in rounds, or gradually during training"),
            SettingKey.integer("rounds", 3, "rounds of pruning and fine-tuning (iterative)"),
            SettingKey.real("begin", 0.0, "share of the epochs before gradual pruning begins (cubic)"),
            SettingKey.real("end", 0.6, "share of the epochs after which it is complete (cubic)"),
            SettingKey.real("every", 0.02, "share of the epochs between its steps (cubic)"),
            SettingKey.integer(
                    "gradient-batches", 16, "batches to measure on, for criteria that need gradients or activations"),
            SettingKey.real("shrunk-below", 0, "instead of a target: remove what is below this share of its layer"));

    public PruningRecipe {
        if (gradientBatches < 1) {
            throw new IllegalArgumentException("gradient-batches must be at least 1, got " + gradientBatches);
        }
        if (!(shrunkBelow >= 0 && shrunkBelow < 1)) {
            throw new IllegalArgumentException("shrunk-below must be at least 0 and below 1, got " + shrunkBelow);
        }
        if (shrunkBelow > 0 && schedule.moments().size() > 1) {
            throw new IllegalArgumentException("shrunk-below removes everything at once; use prune-schedule oneshot");
        }
    }

    /** The keys of a pruning recipe, in the order in which a reader wants them. */
    public static List<SettingKey> keys() {
        return KEYS;
    }

    /**
     * Reads a flat map of settings; absent keys take their default, unknown keys are refused by name.
     *
     * @param ignored names of nodes to leave alone
     */
    public static PruningRecipe fromMap(Map<String, ?> map, Set<String> ignored) {
        Settings s = Settings.parse("the pruning recipe", KEYS, map);
        Pattern pattern = s.choice("pattern", Pattern.class);
        Policy policy = new Policy(
                new Ranking(
                        s.choice("criterion", Criterion.class),
                        s.choice("aggregation", Aggregation.class),
                        s.choice("normalisation", Normalisation.class),
                        s.choice("scope", ScoreScope.class)),
                pattern,
                new Budget(
                        s.real("target"),
                        of(s.choice("of", Of.class), pattern),
                        s.integer("round-to"),
                        table(s.text("table"))),
                ignored,
                s.wholeNumber("prune-seed"));
        return new PruningRecipe(policy, schedule(s), s.integer("gradient-batches"), s.real("shrunk-below"));
    }

    private static Map<String, Double> table(String text) {
        Map<String, Double> table = new TreeMap<>();
        for (String entry : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = entry.lastIndexOf('=');
            try {
                table.put(entry.substring(0, equals).trim(), Double.valueOf(entry.substring(equals + 1)));
            } catch (IndexOutOfBoundsException | NumberFormatException e) {
                throw new IllegalArgumentException(
                        "setting 'table' must be NAME=SHARE,NAME=SHARE, got '" + entry + "' in it", e);
            }
        }
        return table;
    }

    private static Budget.Of of(Of of, Pattern pattern) {
        return switch (of) {
            case AUTO -> pattern == Pattern.ELEMENT ? Budget.Of.SPARSITY : Budget.Of.CHANNELS;
            case CHANNELS -> Budget.Of.CHANNELS;
            case MACS -> Budget.Of.MACS;
            case PARAMETERS -> Budget.Of.PARAMETERS;
            case SPARSITY -> Budget.Of.SPARSITY;
        };
    }

    private static Schedule schedule(Settings s) {
        return switch (s.choice("prune-schedule", When.class)) {
            case ONESHOT -> Schedule.oneShot();
            case ITERATIVE -> Schedule.iterative(s.integer("rounds"));
            case CUBIC -> Schedule.cubic(s.real("begin"), s.real("end"), s.real("every"));
        };
    }

    /** True if pruning happens during a fit. */
    public boolean gradual() {
        return schedule instanceof Schedule.Cubic;
    }

    /** The facts of this recipe, by name. */
    public SortedMap<String, String> facts() {
        SortedMap<String, String> facts = new TreeMap<>();
        facts.put("pattern", SettingKey.label(policy.pattern()));
        facts.put("criterion", SettingKey.label(policy.criterion()));
        facts.put("scope", SettingKey.label(policy.scope()));
        facts.put("aggregation", SettingKey.label(policy.ranking().aggregation()));
        facts.put("normalisation", SettingKey.label(policy.ranking().normalisation()));
        facts.put("target", Double.toString(policy.budget().target()));
        facts.put("table", new TreeMap<>(policy.budget().table()).toString());
        facts.put("of", SettingKey.label(policy.budget().of()));
        facts.put("round-to", Integer.toString(policy.budget().roundTo()));
        facts.put("prune-seed", Long.toString(policy.seed()));
        facts.put("ignored", String.join(" ", new TreeSet<>(policy.ignored())));
        facts.put("prune-schedule", schedule.toString());
        facts.put("gradient-batches", Integer.toString(gradientBatches));
        facts.put("shrunk-below", Double.toString(shrunkBelow));
        return facts;
    }
}
