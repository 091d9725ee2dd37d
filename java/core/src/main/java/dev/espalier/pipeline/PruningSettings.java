package dev.espalier.pipeline;

import dev.espalier.prune.Aggregation;
import dev.espalier.prune.Budget;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Grain;
import dev.espalier.prune.Normalisation;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Ranking;
import dev.espalier.prune.Schedule;
import dev.espalier.prune.ScoreScope;
import dev.espalier.prune.Spared;
import dev.espalier.train.SettingKey;
import dev.espalier.train.Settings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The settings that a pruning recipe is read from: what a user writes, by key. */
final class PruningSettings {
    /** Widths at which the time of a layer grows with its width on the devices that were tried. */
    private static final int SMOOTH_WIDTHS = 8;

    /** What a target is a share of. */
    private enum Of {
        /** Channels or layers for these patterns, sparsity for single weights. */
        AUTO,
        CHANNELS,
        LAYERS,
        MACS,
        PARAMETERS,
        BYTES,
        LATENCY,
        SPARSITY
    }

    /** What is removed: whole channels or layers, single weights, or weights that share a decision. */
    private enum What {
        CHANNEL,
        LAYER,
        ELEMENT,
        /** Of M weights along the inputs all but N. */
        NM,
        /** A position of V outputs. */
        VECTOR,
        /** A position of some outputs and some inputs. */
        BLOCK
    }

    /** When pruning happens. */
    private enum When {
        ONESHOT,
        ITERATIVE,
        LINEAR,
        EXPONENTIAL,
        CUBIC,
        CYCLIC,
        /** Dynamic sparse training with weights that come back at random. */
        SET,
        /** Dynamic sparse training with weights that come back by their gradient. */
        RIGL,
        GROWING,
        LOTTERY
    }

    /** In the order in which a reader wants them. */
    static final List<SettingKey> KEYS = List.of(
            SettingKey.choice(
                    "pattern",
                    What.CHANNEL,
                    "what is removed: whole channels, the branches of residual layers, single weights, all but N of M weights"
                            + " along the inputs, or vectors and blocks of weights"),
            SettingKey.text("nm", "2:4", "N:M, the weights that stay of how many (nm)"),
            SettingKey.integer("vector", 16, "outputs that follow each other in a vector of weights (vector)"),
            SettingKey.text("block", "16x4", "OUTPUTSxINPUTS of a block of weights (block)"),
            SettingKey.flag(
                    "permute",
                    false,
                    "first arrange channels so that weights that share decisions are alike (nm, vector, block); proved to"
                            + " change nothing"),
            SettingKey.choice("criterion", Criterion.L2, "what importance is measured by"),
            SettingKey.choice(
                    "scope",
                    ScoreScope.GLOBAL,
                    "importances are compared within a layer, over all (layers always so), over layers of one structure; erk: within, by"
                            + " Erdős–Rényi shares; table: within, by targets of their own; sensitivity: within, by what"
                            + " each layer alone does to the loss on --gradient-batches"),
            SettingKey.choice("aggregation", Aggregation.TOGETHER, "how the places of a channel become one importance"),
            SettingKey.choice(
                    "normalisation", Normalisation.AUTO, "how importances of different layers are made alike"),
            SettingKey.real(
                    "target",
                    0.5,
                    "share to be removed; without it pattern nm makes all groups N:M, which 2:4 does at 0.5"),
            SettingKey.text("table", "", "other targets by node or branch, for scope table: NAME=SHARE,NAME=SHARE"),
            SettingKey.choice("of", Of.AUTO, "what the target is a share of; auto: channels, layers, or weights"),
            SettingKey.integer(
                    "round-to",
                    0,
                    "every layer keeps a multiple of this many channels, or all; 0: of 8 where latency is the budget, since odd"
                            + " widths make it jump, else of 1"),
            SettingKey.real("layer-floor", 0, "share of its channels, or weights, that every layer keeps at least"),
            SettingKey.text(
                    "inputs",
                    "",
                    "axes of inputs that may lose indices, as columns of a table: NAME or NAME:AXIS, the axis being 1 unless given,"
                            + " with commas between"),
            SettingKey.flag("exact-only", false, "channels stay whose removal changes results by nature"),
            SettingKey.integer(
                    "batch", 1, "samples per run that latency is measured with, where the model leaves it open"),
            SettingKey.integer("prune-seed", 1, "seed of the random criterion"),
            SettingKey.choice(
                    "prune-schedule",
                    When.ONESHOT,
                    "all at once, in rounds, gradually during training, by exchange of weights (set, rigl, always with scope"
                            + " erk), under a growing penalty, or in rounds from early weights on"),
            SettingKey.integer("rounds", 3, "rounds of pruning and training (iterative, lottery) or cycles (cyclic)"),
            SettingKey.real("begin", 0.0, "share of the epochs before gradual pruning begins"),
            SettingKey.real("end", 0.6, "share of the epochs after which pruning or exchange is complete"),
            SettingKey.real("every", 0.02, "share of the epochs between the steps of gradual pruning or exchange"),
            SettingKey.real("fall-to", 0.5, "share of the target that stays removed between cycles (cyclic)"),
            SettingKey.real("drop-fraction", 0.3, "share of the kept weights exchanged at first (set, rigl)"),
            SettingKey.real("penalty-ceiling", 1, "last factor of the penalty on what is to go (growing)"),
            SettingKey.real("rewind-epochs", 0, "epochs before the weights that rounds go back to (lottery)"),
            SettingKey.integer(
                    "reestimate-batches",
                    0,
                    "without fine-tuning: batches for new normalisation statistics after pruning; 0 keeps the old ones"),
            SettingKey.integer(
                    "gradient-batches", 16, "batches to measure on, for criteria that need gradients or activations"),
            SettingKey.real("shrunk-below", 0, "instead of a target: remove what is below this share of its layer"));

    private PruningSettings() {}

    /** See {@link PruningRecipe#fromMap}. */
    static PruningRecipe read(Map<String, ?> map, Set<String> ignored) {
        Settings s = Settings.parse("the pruning recipe", KEYS, map);
        What what = s.choice("pattern", What.class);
        Map.of("nm", What.NM, "vector", What.VECTOR, "block", What.BLOCK).forEach((key, own) -> {
            if (map.containsKey(key) && what != own) {
                throw new IllegalArgumentException("setting '" + key + "' is for pattern " + SettingKey.label(own)
                        + ", got pattern " + SettingKey.label(what) + "; set the pattern or leave it out");
            }
        });
        Pattern pattern = switch (what) {
            case CHANNEL -> Pattern.CHANNEL;
            case LAYER -> Pattern.LAYER;
            case ELEMENT, NM, VECTOR, BLOCK -> Pattern.ELEMENT;
        };
        Grain grain = grain(what, s);
        Budget.Of of = of(s.choice("of", Of.class), pattern);
        boolean whole = what == What.NM && of == Budget.Of.SPARSITY && !map.containsKey("target");
        When when = s.choice("prune-schedule", When.class);
        boolean dynamic = what == What.ELEMENT && (when == When.SET || when == When.RIGL);
        Policy policy = new Policy(
                new Ranking(
                        s.choice("criterion", Criterion.class),
                        s.choice("aggregation", Aggregation.class),
                        s.choice("normalisation", Normalisation.class),
                        dynamic ? ScoreScope.ERK : s.choice("scope", ScoreScope.class)),
                pattern,
                grain,
                new Budget(
                        whole ? grain.most() : s.real("target"),
                        of,
                        roundTo(s.integer("round-to"), pattern, of),
                        table(s.text("table"))),
                new Spared(ignored, s.flag("exact-only"), s.real("layer-floor"), open(s.text("inputs"))),
                s.wholeNumber("prune-seed"));
        return new PruningRecipe(
                policy,
                course(when, s),
                new PruningRecipe.Probe(s.integer("gradient-batches"), s.integer("batch")),
                s.real("shrunk-below"),
                s.flag("permute"),
                s.integer("reestimate-batches"));
    }

    private static Grain grain(What what, Settings s) {
        return switch (what) {
            case CHANNEL, LAYER, ELEMENT -> Grain.single();
            case NM -> {
                int[] pair = pair("nm", s.text("nm"), ":", "N:M such as 2:4");
                yield new Grain.NOfM(pair[0], pair[1]);
            }
            case VECTOR -> new Grain.Block(s.integer("vector"), 1);
            case BLOCK -> {
                int[] pair = pair("block", s.text("block"), "x", "OUTPUTSxINPUTS such as 16x4");
                yield new Grain.Block(pair[0], pair[1]);
            }
        };
    }

    private static int[] pair(String name, String text, String between, String form) {
        String[] parts = text.split(between, -1);
        try {
            if (parts.length == 2) {
                return new int[] {Integer.parseInt(parts[0].trim()), Integer.parseInt(parts[1].trim())};
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("setting '" + name + "' must be " + form + ", got '" + text + "'", e);
        }
        throw new IllegalArgumentException("setting '" + name + "' must be " + form + ", got '" + text + "'");
    }

    private static Map<String, Set<Integer>> open(String text) {
        Map<String, Set<Integer>> open = new TreeMap<>();
        for (String entry : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int colon = entry.lastIndexOf(':');
            String axis = colon < 0 ? "1" : entry.substring(colon + 1).trim();
            String input = (colon < 0 ? entry : entry.substring(0, colon)).trim();
            if (input.isEmpty() || !axis.matches("\\d{1,3}")) {
                throw new IllegalArgumentException(
                        "setting 'inputs' must be NAME:AXIS,NAME:AXIS, got '" + entry + "' in it");
            }
            open.computeIfAbsent(input, name -> new TreeSet<>()).add(Integer.valueOf(axis));
        }
        return open;
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

    private static int roundTo(int given, Pattern pattern, Budget.Of of) {
        int usual = of == Budget.Of.LATENCY && pattern == Pattern.CHANNEL ? SMOOTH_WIDTHS : 1;
        return given == 0 ? usual : given;
    }

    private static Budget.Of of(Of of, Pattern pattern) {
        return switch (of) {
            case AUTO ->
                switch (pattern) {
                    case ELEMENT -> Budget.Of.SPARSITY;
                    case CHANNEL -> Budget.Of.CHANNELS;
                    case LAYER -> Budget.Of.LAYERS;
                };
            case CHANNELS -> Budget.Of.CHANNELS;
            case LAYERS -> Budget.Of.LAYERS;
            case MACS -> Budget.Of.MACS;
            case PARAMETERS -> Budget.Of.PARAMETERS;
            case BYTES -> Budget.Of.BYTES;
            case LATENCY -> Budget.Of.LATENCY;
            case SPARSITY -> Budget.Of.SPARSITY;
        };
    }

    private static Course course(When when, Settings s) {
        double begin = s.real("begin");
        double end = s.real("end");
        double every = s.real("every");
        return switch (when) {
            case ONESHOT -> new Course.Scheduled(Schedule.oneShot());
            case ITERATIVE -> new Course.Scheduled(Schedule.iterative(s.integer("rounds")));
            case LINEAR -> new Course.Scheduled(Schedule.linear(begin, end, every));
            case EXPONENTIAL -> new Course.Scheduled(Schedule.exponential(begin, end, every));
            case CUBIC -> new Course.Scheduled(Schedule.cubic(begin, end, every));
            case CYCLIC ->
                new Course.Scheduled(Schedule.cyclic(s.integer("rounds"), s.real("fall-to"), begin, end, every));
            case SET -> new Course.Dynamic(false, s.real("drop-fraction"), end, every);
            case RIGL -> new Course.Dynamic(true, s.real("drop-fraction"), end, every);
            case GROWING -> new Course.Growing(Schedule.linear(begin, end, every), s.real("penalty-ceiling"));
            case LOTTERY -> new Course.Lottery(s.integer("rounds"), s.real("rewind-epochs"));
        };
    }
}
