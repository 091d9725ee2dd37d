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
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is pruned, when, and on how many batches of gradients it is judged.
 *
 * @param course how pruning and training take turns
 * @param probe how what pruning goes by is measured
 * @param shrunkBelow instead of meeting the target, remove at once what a penalty has shrunk below this share of its layer:
 *     of the root mean square for single weights, of the strongest for channels; 0 to meet the target
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

    private static final List<SettingKey> KEYS = List.of(
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
            SettingKey.text("table", "", "other targets by node, for scope table: NAME=SHARE,NAME=SHARE"),
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

    public PruningRecipe {
        if (!(shrunkBelow >= 0 && shrunkBelow < 1)) {
            throw new IllegalArgumentException("shrunk-below must be at least 0 and below 1, got " + shrunkBelow);
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
        return KEYS;
    }

    /**
     * Reads a flat map of settings; absent keys take their default, unknown keys are refused by name.
     *
     * @param ignored names of nodes to leave alone
     */
    public static PruningRecipe fromMap(Map<String, ?> map, Set<String> ignored) {
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
                new Probe(s.integer("gradient-batches"), s.integer("batch")),
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

    /** The pattern as facts and messages spell it: channel, element, 2:4, or 16x1 for vectors of 16. */
    private static String pattern(Policy policy) {
        return policy.pattern() == Pattern.ELEMENT ? policy.grain().toString() : SettingKey.label(policy.pattern());
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

    /** The same pruning with another seed of the random criterion. */
    PruningRecipe withSeed(long seed) {
        return with(policy.withSeed(seed));
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
