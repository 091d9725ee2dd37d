package dev.espalier.pipeline;

import dev.espalier.prune.Pattern;
import dev.espalier.prune.Schedule;
import dev.espalier.train.Recipe;
import dev.espalier.train.SettingKey;
import dev.espalier.train.Settings;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a run does: train, prune, fine-tune, each if given, in that order.
 *
 * <p>Pruning in rounds alternates with fine-tuning. A gradual schedule runs inside the fine-tuning fit, or inside training
 * where there is no fine-tuning.
 */
public record RunPlan(Optional<Recipe> training, Optional<PruningRecipe> pruning, Optional<Recipe> fineTuning) {
    public RunPlan {
        if (training.isEmpty() && pruning.isEmpty() && fineTuning.isEmpty()) {
            throw new IllegalArgumentException("a run must train, prune or fine-tune; the plan does nothing");
        }
        if (pruning.isEmpty() && fineTuning.isPresent()) {
            throw new IllegalArgumentException("fine-tuning follows pruning; give a pruning recipe, or train instead");
        }
        pruning.ifPresent(recipe -> check(recipe, training, fineTuning));
        if (training.isPresent() && training.get().regularisation().distill().weight() > 0) {
            throw new IllegalArgumentException(
                    "distill needs a teacher, which is the dense model that fine-tuning begins"
                            + " with: set it for fine-tuning, not for training");
        }
    }

    private static void check(PruningRecipe pruning, Optional<Recipe> training, Optional<Recipe> fineTuning) {
        if (!pruning.policy().spared().open().isEmpty()) {
            throw new IllegalArgumentException("a run feeds whole samples, of which inputs "
                    + pruning.policy().spared().open().keySet() + " would lose something: prune inputs without data");
        }
        if (pruning.gradual() && training.isEmpty() && fineTuning.isEmpty()) {
            throw new IllegalArgumentException(
                    "a schedule that is neither one-shot nor iterative prunes during training;"
                            + " give a training or fine-tuning recipe");
        }
        boolean early = pruning.course() instanceof Course.Lottery || (pruning.gradual() && fineTuning.isEmpty());
        if (pruning.permute() && early) {
            throw new IllegalArgumentException("permute arranges the channels of trained weights, this schedule prunes"
                    + " while they are trained first; give fine-tuning, or leave it out");
        }
        if (pruning.course() instanceof Course.Lottery lottery) {
            if (training.isPresent() == fineTuning.isPresent()) {
                throw new IllegalArgumentException(
                        "a lottery trains again and again by one recipe: give that of training or"
                                + " that of fine-tuning, got " + (training.isPresent() ? "both" : "neither"));
            }
            int epochs = training.or(() -> fineTuning).orElseThrow().length().epochs();
            if (lottery.epochs() >= epochs) {
                throw new IllegalArgumentException("rewind-epochs must be less than the " + epochs
                        + " epochs of training, got " + lottery.epochs());
            }
        }
    }

    private static final String FINE_TUNE = "finetune-";
    private static final List<SettingKey> KEYS = keyList();

    private static List<SettingKey> keyList() {
        List<SettingKey> keys = new ArrayList<>(Recipe.keys());
        keys.addAll(PruningRecipe.keys());
        for (SettingKey key : Recipe.keys()) {
            Object value = key.name().equals("epochs") ? (Object) 0L : key.defaultValue();
            String help = "in fine-tuning: " + key.help();
            keys.add(new SettingKey(FINE_TUNE + key.name(), key.kind(), value, help, key.choices()));
        }
        return List.copyOf(keys);
    }

    /** The keys of a whole plan: of training, of pruning, and of training again under {@code finetune-}. */
    public static List<SettingKey> keys() {
        return KEYS;
    }

    /**
     * Reads a flat map of settings; unknown keys are refused by name. Without a setting of pruning the plan trains alone. Fine-tuning
     * lasts {@code finetune-epochs}, 0 for none, and does whatever training does unless a {@code finetune-} setting says otherwise.
     */
    public static RunPlan fromMap(Map<String, ?> map) {
        Settings.parse("the recipe", KEYS, map);
        Map<String, Object> training = new LinkedHashMap<>();
        Map<String, Object> pruning = new LinkedHashMap<>();
        Map<String, Object> changes = new LinkedHashMap<>();
        Set<String> trains = Recipe.keys().stream().map(SettingKey::name).collect(Collectors.toSet());
        map.forEach((given, value) -> {
            String name = given.replace('_', '-');
            if (trains.contains(name)) {
                training.put(name, value);
            } else if (name.startsWith(FINE_TUNE)) {
                changes.put(name.substring(FINE_TUNE.length()), value);
            } else {
                pruning.put(name, value);
            }
        });
        Recipe trained = Recipe.fromMap(training);
        if (pruning.isEmpty() && changes.isEmpty()) {
            return train(trained);
        }
        changes.putIfAbsent("epochs", 0);
        Recipe tuned = trained.with(changes);
        return new RunPlan(
                Optional.of(trained),
                Optional.of(PruningRecipe.fromMap(pruning, Set.of())),
                tuned.length().epochs() == 0 ? Optional.empty() : Optional.of(tuned));
    }

    /** The same plan with every seed this one. */
    public RunPlan withSeed(long seed) {
        return new RunPlan(
                training.map(recipe -> recipe.with("seed", seed)),
                pruning.map(recipe -> recipe.withSeed(seed)),
                fineTuning.map(recipe -> recipe.with("seed", seed)));
    }

    /** The same plan with another share to be removed; a plan that prunes. */
    RunPlan withTarget(double share) {
        return new RunPlan(training, pruning.map(recipe -> recipe.withTarget(share)), fineTuning);
    }

    /** Training alone. */
    public static RunPlan train(Recipe training) {
        return new RunPlan(Optional.of(training), Optional.empty(), Optional.empty());
    }

    /** Pruning a trained model and fine-tuning it. */
    public static RunPlan prune(PruningRecipe pruning, Recipe fineTuning) {
        return new RunPlan(Optional.empty(), Optional.of(pruning), Optional.of(fineTuning));
    }

    /** Pruning a trained model without further training. */
    public static RunPlan prune(PruningRecipe pruning) {
        return new RunPlan(Optional.empty(), Optional.of(pruning), Optional.empty());
    }

    /** Whether a dense model is trained before anything is removed, so that other plans may start from it too. */
    boolean trainsDenseFirst() {
        return training.isPresent()
                && !(pruning.isPresent() && pruning.get().prunesInTraining() && fineTuning.isEmpty());
    }

    /** Whether layers are what is removed, which are cut out at once. */
    boolean removesLayers() {
        return pruning.isPresent() && pruning.get().policy().pattern() == Pattern.LAYER;
    }

    /** The stages in order. */
    List<Stage> stages() {
        List<Stage> stages = new ArrayList<>();
        if (pruning.isPresent() && pruning.get().course() instanceof Course.Lottery lottery) {
            addLottery(stages, lottery, pruning.get());
            return List.copyOf(stages);
        }
        boolean gradual = pruning.isPresent() && pruning.get().gradual();
        boolean gradualTraining = gradual && fineTuning.isEmpty();
        if (gradualTraining) {
            stages.add(new Stage.Measure());
        }
        Stage.Mode mode = gradualTraining ? Stage.Mode.PRUNING : Stage.Mode.PLAIN;
        training.ifPresent(recipe -> stages.add(new Stage.Fit("train", recipe, mode)));
        if (!gradualTraining) {
            stages.add(new Stage.Measure());
        }
        if (pruning.isPresent() && pruning.get().permute()) {
            stages.add(new Stage.Permute());
        }
        if (gradual) {
            fineTuning.ifPresent(recipe -> stages.add(new Stage.Fit("fine-tune", recipe, Stage.Mode.PRUNING)));
        } else {
            pruning.ifPresent(recipe -> addRounds(stages, recipe));
        }
        return List.copyOf(stages);
    }

    private void addRounds(List<Stage> stages, PruningRecipe recipe) {
        Schedule schedule = ((Course.Scheduled) recipe.course()).schedule();
        double target = recipe.policy().budget().target();
        // Without fine-tuning between them, rounds would judge the same weights again and again.
        List<Double> moments = fineTuning.isPresent() ? schedule.moments() : List.of(1.0);
        for (int round = 1; round <= moments.size(); round++) {
            boolean last = round == moments.size();
            stages.add(new Stage.Prune(schedule.at(moments.get(round - 1), target)));
            if (last || removesLayers()) {
                stages.add(new Stage.Compact());
            }
            String name = moments.size() == 1 ? "fine-tune" : "fine-tune " + round;
            fineTuning.ifPresent(fit -> stages.add(new Stage.Fit(name, fit, Stage.Mode.PLAIN)));
        }
        if (fineTuning.isEmpty() && recipe.reestimateBatches() > 0) {
            stages.add(new Stage.Reestimate(recipe.reestimateBatches()));
        }
    }

    private void addLottery(List<Stage> stages, Course.Lottery lottery, PruningRecipe recipe) {
        Recipe repeated = training.or(() -> fineTuning).orElseThrow();
        double target = recipe.policy().budget().target();
        stages.add(new Stage.Fit("train", repeated, Stage.Mode.REMEMBERING));
        stages.add(new Stage.Measure());
        for (int round = 1; round <= lottery.rounds(); round++) {
            stages.add(new Stage.Prune(lottery.share(round, target)));
            if (removesLayers()) {
                stages.add(new Stage.Compact());
            }
            // The remembered weights have the widths of the dense graph.
            stages.add(new Stage.Rewind());
            if (round == lottery.rounds()) {
                stages.add(new Stage.Compact());
            }
            stages.add(new Stage.Fit("round " + round, repeated, Stage.Mode.REWOUND));
        }
    }

    /** All settings, by stage and name. */
    public SortedMap<String, String> facts() {
        SortedMap<String, String> facts = new TreeMap<>();
        training.ifPresent(recipe -> recipe.toMap().forEach((k, v) -> facts.put("train." + k, v.toString())));
        pruning.ifPresent(recipe -> recipe.facts().forEach((k, v) -> facts.put("prune." + k, v)));
        fineTuning.ifPresent(recipe -> recipe.toMap().forEach((k, v) -> facts.put("fine-tune." + k, v.toString())));
        return facts;
    }

    /** SHA-256 over {@link #facts}, in hexadecimal. */
    public String hash() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            facts().forEach((k, v) -> digest.update((k + "=" + v + "\n").getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
