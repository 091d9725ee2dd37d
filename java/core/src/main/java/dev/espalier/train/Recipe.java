package dev.espalier.train;

import dev.espalier.data.Augmentation;
import dev.espalier.data.Crop;
import dev.espalier.data.DataException;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.data.Sampling;
import dev.espalier.data.Task;
import dev.espalier.data.Warp;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Everything that decides how a model is trained; two runs with equal recipes, data and seed do the same. */
public record Recipe(
        LengthRecipe length,
        DataRecipe data,
        OptimizerRecipe optimizer,
        ScheduleRecipe schedule,
        RegularisationRecipe regularisation,
        RunRecipe run) {
    public Recipe {
        if (data.visits() == Sampling.Visits.BALANCED
                && regularisation.classWeights() == RegularisationRecipe.ClassWeights.BALANCED) {
            throw new IllegalArgumentException(
                    "sampling balanced and class-weights balanced both make up for rare classes; set one of them");
        }
    }

    /**
     * Refuses settings that nothing answers to where samples are labelled for this task.
     *
     * @throws DataException naming the setting
     */
    public void check(Task task) {
        refuse(task != Task.CLASSES && data.visits() == Sampling.Visits.BALANCED, "sampling balanced", task);
        boolean number = task == Task.NUMBER;
        refuse(
                number && regularisation.classWeights() == RegularisationRecipe.ClassWeights.BALANCED,
                "class-weights balanced",
                task);
        refuse(number && regularisation.labelSmoothing() > 0, "label-smoothing", task);
    }

    private static void refuse(boolean wrong, String setting, Task task) {
        if (wrong) {
            throw new DataException(setting + ": expected samples of "
                    + (setting.startsWith("sampling") ? "one class each" : "classes") + ", got the task " + task
                    + "; leave it out");
        }
    }

    private static final List<SettingKey> KEYS = List.of(
            SettingKey.integer("epochs", 10, "passes over the training split"),
            SettingKey.integer("patience", 0, "stop after this many epochs without a better validation; 0 never stops"),
            SettingKey.flag(
                    "keep-best",
                    true,
                    "end with the weights of the epoch that was best on validation, with modalities hidden as in training"),
            SettingKey.real(
                    "ema",
                    0,
                    "decay of a moving average of the weights, which is validated and kept instead of them; 0 keeps none"),
            SettingKey.integer("batch-size", 128, "samples in a batch"),
            SettingKey.real("validation-fraction", 0.1, "share of the training split held out for validation"),
            new SettingKey(
                    "sampling",
                    SettingKey.Kind.CHOICE,
                    "shuffle",
                    "shuffle: each sample once an epoch; balanced: each class equally often, by repeats and omissions",
                    List.of("shuffle", "balanced")),
            SettingKey.choice(
                    "class-weights",
                    RegularisationRecipe.ClassWeights.NONE,
                    "balanced: in the loss of training, samples of rare classes count more; of labels, the rarer of with and without"),
            SettingKey.flag("flip", false, "augmentation: mirror half of the images left to right"),
            SettingKey.flag("flip-vertical", false, "augmentation: mirror half of the images top to bottom"),
            SettingKey.real("zoom", 0, "augmentation: zoom by up to this share, in and out"),
            SettingKey.real("shear", 0, "augmentation: shear by up to this share of the height"),
            SettingKey.real("shift", 0, "augmentation: shift by up to this share of the size"),
            SettingKey.real("rotation", 0, "augmentation: turn by up to this many degrees"),
            SettingKey.integer("crop-padding", 0, "augmentation: crop at random after padding by this many pixels"),
            SettingKey.choice("crop-border", Crop.Border.ZERO, "augmentation: what the padding shows"),
            SettingKey.real(
                    "cutout",
                    0,
                    "augmentation: blank a square with this share of the shorter side, anywhere, to the mean"),
            SettingKey.real(
                    "mixup",
                    0,
                    "augmentation: blend images and labels in pairs by shares drawn from Beta(mixup, mixup)"),
            SettingKey.real(
                    "modality-dropout", 0, "augmentation: hide each modality of a sample with this probability"),
            SettingKey.real("token-dropout", 0, "augmentation: make tokens of texts unknown with this probability"),
            SettingKey.real("time-shift", 0, "augmentation: shift sounds by up to this share of their length"),
            SettingKey.real("noise", 0, "augmentation: add noise of up to this share of a sound's level"),
            SettingKey.real("time-mask", 0, "augmentation: blank up to this share of the frames of a sound"),
            SettingKey.real("frequency-mask", 0, "augmentation: blank up to this share of the bins of a sound"),
            SettingKey.choice("optimizer", OptimizerRecipe.Kind.SGD, "update rule"),
            SettingKey.real("lr", 0.05, "peak learning rate"),
            SettingKey.real("weight-decay", 5e-4, "weight decay (decoupled for adamw, else part of the gradient)"),
            SettingKey.flag("decay-all", false, "decay biases and normalisation too"),
            SettingKey.real("momentum", 0.9, "momentum of sgd"),
            SettingKey.flag("nesterov", true, "sgd looks ahead along its momentum"),
            SettingKey.real("beta1", 0.9, "decay rate of adam's mean"),
            SettingKey.real("beta2", 0.999, "decay rate of adam's mean square"),
            SettingKey.real("epsilon", 1e-8, "term that keeps adam's quotient finite"),
            SettingKey.choice("schedule", ScheduleRecipe.Kind.COSINE, "learning rate over time"),
            SettingKey.real("warmup-epochs", 0, "epochs of linear warm-up (not for onecycle)"),
            SettingKey.real("final-factor", 0, "last learning rate as a share of the peak (cosine, onecycle)"),
            SettingKey.real("peak-share", 0.3, "share of training before onecycle's peak"),
            SettingKey.integer("step-epochs", 30, "epochs between drops of the step schedule"),
            SettingKey.real("step-factor", 0.1, "factor of each drop of the step schedule"),
            SettingKey.real(
                    "label-smoothing",
                    0,
                    "share of the target spread over all classes, or over with and without of each label"),
            SettingKey.real("clip-norm", 0, "largest global gradient norm; 0 does not clip"),
            SettingKey.real("l1", 0, "penalty on absolute weights"),
            SettingKey.real("l2", 0, "penalty on squared weights"),
            SettingKey.real("scale-l1", 0, "penalty on absolute normalisation scales (shrinks whole channels)"),
            SettingKey.real("group-lasso", 0, "penalty on the norm of each output channel's weights"),
            SettingKey.real("channel-lasso", 0, "penalty on the norm of each channel over all that goes with it"),
            SettingKey.flag("proximal", false, "penalties but l2 act after each update and reach zero exactly"),
            SettingKey.real("distill", 0, "share of the loss that compares with the dense model (fine-tuning)"),
            SettingKey.real("temperature", 4, "what scores are divided by before they are compared (distill)"),
            SettingKey.choice("precision", RunRecipe.Precision.F32, "arithmetic of the dense operators"),
            SettingKey.integer("accumulate", 1, "batches whose gradients make one update"),
            SettingKey.integer("seed", 1, "seed of order, augmentation, dropout and initial weights"),
            SettingKey.flag("deterministic", true, "only algorithms that give the same bits in every run"));

    /** The keys of a recipe, in the order in which a reader wants them. */
    public static List<SettingKey> keys() {
        return KEYS;
    }

    /** The recipe made of the default of every key. */
    public static Recipe defaults() {
        return fromMap(Map.of());
    }

    /** Reads a flat map of settings; absent keys take their default, unknown keys are refused by name. */
    public static Recipe fromMap(Map<String, ?> map) {
        Settings s = Settings.parse("the recipe", KEYS, map);
        return new Recipe(
                new LengthRecipe(s.integer("epochs"), s.integer("patience"), s.flag("keep-best"), s.real("ema")),
                new DataRecipe(
                        s.integer("batch-size"),
                        s.real("validation-fraction"),
                        s.choice("sampling", Sampling.Visits.class),
                        augmentation(s),
                        s.real("mixup")),
                optimizer(s),
                new ScheduleRecipe(
                        s.choice("schedule", ScheduleRecipe.Kind.class),
                        s.real("warmup-epochs"),
                        s.real("final-factor"),
                        s.real("peak-share"),
                        s.integer("step-epochs"),
                        s.real("step-factor")),
                new RegularisationRecipe(
                        s.real("label-smoothing"),
                        s.real("clip-norm"),
                        new PenaltyRecipe(
                                s.real("l1"),
                                s.real("l2"),
                                s.real("scale-l1"),
                                s.real("group-lasso"),
                                s.real("channel-lasso"),
                                s.flag("proximal")),
                        new DistillRecipe(s.real("distill"), s.real("temperature")),
                        s.choice("class-weights", RegularisationRecipe.ClassWeights.class)),
                new RunRecipe(
                        s.choice("precision", RunRecipe.Precision.class),
                        s.integer("accumulate"),
                        s.wholeNumber("seed"),
                        s.flag("deterministic")));
    }

    private static Augmentation augmentation(Settings s) {
        return new Augmentation(
                s.flag("flip"),
                s.flag("flip-vertical"),
                new Warp(s.real("zoom"), s.real("shear"), s.real("shift"), s.real("rotation")),
                new Crop(s.integer("crop-padding"), s.choice("crop-border", Crop.Border.class)),
                s.real("cutout"),
                new MixedAugmentation(
                        s.real("modality-dropout"),
                        s.real("token-dropout"),
                        s.real("time-shift"),
                        s.real("noise"),
                        s.real("time-mask"),
                        s.real("frequency-mask")));
    }

    private static OptimizerRecipe optimizer(Settings s) {
        return new OptimizerRecipe(
                s.choice("optimizer", OptimizerRecipe.Kind.class),
                s.real("lr"),
                s.real("weight-decay"),
                s.flag("decay-all"),
                new OptimizerRecipe.Momentum(s.real("momentum"), s.flag("nesterov")),
                new OptimizerRecipe.Moments(s.real("beta1"), s.real("beta2"), s.real("epsilon")));
    }

    /** Every key with its value; {@link #fromMap} of it is this recipe. */
    public SortedMap<String, Object> toMap() {
        SortedMap<String, Object> map = new TreeMap<>();
        putLengthAndData(map);
        putOptimizerAndSchedule(map);
        map.put("label-smoothing", regularisation.labelSmoothing());
        map.put("clip-norm", regularisation.clipNorm());
        map.put("class-weights", SettingKey.label(regularisation.classWeights()));
        map.put("l1", regularisation.penalty().l1());
        map.put("l2", regularisation.penalty().l2());
        map.put("scale-l1", regularisation.penalty().scaleL1());
        map.put("group-lasso", regularisation.penalty().groupLasso());
        map.put("channel-lasso", regularisation.penalty().channelLasso());
        map.put("proximal", regularisation.penalty().proximal());
        map.put("distill", regularisation.distill().weight());
        map.put("temperature", regularisation.distill().temperature());
        map.put("precision", SettingKey.label(run.precision()));
        map.put("accumulate", (long) run.accumulate());
        map.put("seed", run.seed());
        map.put("deterministic", run.deterministic());
        return map;
    }

    private void putLengthAndData(Map<String, Object> map) {
        map.put("epochs", (long) length.epochs());
        map.put("patience", (long) length.patience());
        map.put("keep-best", length.keepBest());
        map.put("ema", length.averageDecay());
        map.put("batch-size", (long) data.batchSize());
        map.put("validation-fraction", data.validationFraction());
        map.put("sampling", SettingKey.label(data.visits()));
        map.put("mixup", data.mixup());
        putAugmentation(map, data.augmentation());
    }

    private static void putAugmentation(Map<String, Object> map, Augmentation augmentation) {
        map.put("flip", augmentation.horizontalFlip());
        map.put("flip-vertical", augmentation.verticalFlip());
        map.put("zoom", augmentation.warp().zoom());
        map.put("shear", augmentation.warp().shear());
        map.put("shift", augmentation.warp().shift());
        map.put("rotation", augmentation.warp().rotation());
        map.put("cutout", augmentation.cutout());
        map.put("crop-padding", (long) augmentation.crop().padding());
        map.put("crop-border", SettingKey.label(augmentation.crop().border()));
        MixedAugmentation mixed = augmentation.mixed();
        map.put("modality-dropout", mixed.modalityDropout());
        map.put("token-dropout", mixed.tokenDropout());
        map.put("time-shift", mixed.timeShift());
        map.put("noise", mixed.noise());
        map.put("time-mask", mixed.timeMask());
        map.put("frequency-mask", mixed.frequencyMask());
    }

    private void putOptimizerAndSchedule(Map<String, Object> map) {
        map.put("optimizer", SettingKey.label(optimizer.kind()));
        map.put("lr", optimizer.learningRate());
        map.put("weight-decay", optimizer.weightDecay());
        map.put("decay-all", optimizer.decayAll());
        map.put("momentum", optimizer.momentum().coefficient());
        map.put("nesterov", optimizer.momentum().nesterov());
        map.put("beta1", optimizer.moments().beta1());
        map.put("beta2", optimizer.moments().beta2());
        map.put("epsilon", optimizer.moments().epsilon());
        map.put("schedule", SettingKey.label(schedule.kind()));
        map.put("warmup-epochs", schedule.warmupEpochs());
        map.put("final-factor", schedule.finalFactor());
        map.put("peak-share", schedule.peakShare());
        map.put("step-epochs", (long) schedule.stepEpochs());
        map.put("step-factor", schedule.stepFactor());
    }

    /** This recipe with one key changed. */
    public Recipe with(String key, Object value) {
        return with(Map.of(key, value));
    }

    /** This recipe with some keys changed. */
    public Recipe with(Map<String, ?> changes) {
        Settings.parse("the recipe", KEYS, changes);
        Map<String, Object> map = toMap();
        changes.forEach((name, value) -> map.put(name.replace('_', '-'), value));
        return fromMap(map);
    }

    /** SHA-256 over every key and value, in hexadecimal: equal recipes have equal hashes. */
    public String hash() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            toMap().forEach((name, value) ->
                    digest.update((name + "=" + value + "\n").getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
