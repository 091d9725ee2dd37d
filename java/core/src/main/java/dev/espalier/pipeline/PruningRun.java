package dev.espalier.pipeline;

import dev.espalier.data.Batches;
import dev.espalier.data.Task;
import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Permutation;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Size;
import dev.espalier.prune.Spared;
import dev.espalier.runtime.Scope;
import dev.espalier.train.BestWeights;
import dev.espalier.train.Checkpointer;
import dev.espalier.train.EarlyStop;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.Evaluator;
import dev.espalier.train.History;
import dev.espalier.train.Listener;
import dev.espalier.train.NormStatistics;
import dev.espalier.train.OptimizerRecipe;
import dev.espalier.train.Recipe;
import dev.espalier.train.RunCheckpoint;
import dev.espalier.train.Snapshot;
import dev.espalier.train.Step;
import dev.espalier.train.Teacher;
import dev.espalier.train.Trainer;
import dev.espalier.train.TrainingState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Carries out a plan on a model, stage by stage, from its beginning or from the last checkpoint. */
public final class PruningRun {
    private static final int LATENCY_RUNS = 50;

    private final Model dense;
    private final RunPlan plan;
    private final RunSetting setting;
    private final List<Stage> stages;
    private final History history = new History();
    private final SliceSteps steps;
    private final @Nullable RunCheckpoint checkpoint;
    /** What the latest fit ended with where its best epoch's weights took their place, unless the model was changed since. */
    private final Held<Tensors> last = new Held<>("last weights", new Tensors(Map.of()));

    private PruningRun(Model dense, RunPlan plan, RunSetting setting) {
        this.dense = dense;
        this.plan = plan;
        this.setting = setting;
        this.stages = plan.stages();
        this.steps = new SliceSteps(setting.listeners());
        this.checkpoint = setting.checkpointing()
                .map(c -> new RunCheckpoint(c.codec(), identity()))
                .orElse(null);
    }

    /**
     * Runs to the end.
     *
     * @param dense the model to begin with; it stays as it is
     * @throws dev.espalier.runtime.EspalierException if the store holds a checkpoint of another run, naming what differs
     */
    public static RunOutcome run(Model dense, RunPlan plan, RunSetting setting) {
        return new PruningRun(dense, plan, setting).run();
    }

    private Map<String, String> identity() {
        return Map.of(
                "recipe", plan.hash(),
                "data", setting.data().train().fingerprint(),
                "model", ModelDigest.of(dense));
    }

    private RunOutcome run() {
        Task task = setting.data().train().answers().task();
        plan.training().ifPresent(recipe -> recipe.check(task));
        plan.fineTuning().ifPresent(recipe -> recipe.check(task));
        try (last;
                Scope scope = Scope.open()) {
            Optional<Snapshot> saved =
                    setting.checkpointing().flatMap(c -> c.store().latest());
            try (RunState run = saved.isPresent() ? resumed(saved.get()) : fresh()) {
                int first = run.stage();
                for (int i = first; i < stages.size(); i++) {
                    boolean goingOn = saved.isPresent() && i == first;
                    run.enter(i);
                    carryOut(stages.get(i), run, goingOn ? saved : Optional.empty());
                    step(i, run);
                }
                return outcome(run);
            }
        }
    }

    private RunState fresh() {
        TrainingState training = TrainingState.of(dense, firstOptimizer(), setting.device());
        return state(training, Optional.of(training.graph()));
    }

    private RunState state(TrainingState training, Optional<Graph> prunable) {
        try {
            return new RunState(
                    training,
                    plan.pruning(),
                    prunable,
                    share -> setting.listeners().forEach(listener -> listener.removed(share)));
        } catch (RuntimeException e) {
            training.close();
            throw e;
        }
    }

    private OptimizerRecipe firstOptimizer() {
        return plan.training().or(plan::fineTuning).orElseGet(Recipe::defaults).optimizer();
    }

    private RunState resumed(Snapshot snapshot) {
        RunCheckpoint checks = requireCheckpoint();
        checks.verify(snapshot);
        if (!(stages.get(snapshot.integer("run/stage")) instanceof Stage.Fit fit)) {
            throw new IllegalStateException("checkpoints are made in fits only");
        }
        TrainingState training = checks.restore(snapshot, fit.recipe().optimizer(), setting.device());
        RunState run = state(training, prunable(training, Boolean.parseBoolean(snapshot.fact("run/compacted"))));
        try {
            run.restore(snapshot);
        } catch (RuntimeException e) {
            run.close();
            throw e;
        }
        note("resumed at stage '" + fit.name() + "', " + training.position());
        return run;
    }

    /** The graph that masks are of: where layers go, round by round, the dense one throughout. */
    private Optional<Graph> prunable(TrainingState training, boolean compacted) {
        if (!compacted) {
            return Optional.of(training.graph());
        }
        return plan.removesLayers() ? Optional.of(dense.graph()) : Optional.empty();
    }

    private RunCheckpoint requireCheckpoint() {
        if (checkpoint == null) {
            throw new IllegalStateException("this run keeps no checkpoints");
        }
        return checkpoint;
    }

    private void note(String line) {
        setting.listeners().forEach(listener -> listener.note(line));
    }

    private void carryOut(Stage stage, RunState run, Optional<Snapshot> saved) {
        if (!(stage instanceof Stage.Measure)) {
            last.hold(new Tensors(Map.of()));
        }
        if (stage instanceof Stage.Fit fit) {
            fit(fit, run, saved);
        } else if (stage instanceof Stage.Measure) {
            run.measured(measure(run));
            if (plan.fineTuning().isPresent()
                    && plan.fineTuning().get().regularisation().distill().weight() > 0) {
                run.becomeTeacher();
            }
        } else if (stage instanceof Stage.Prune prune) {
            run.prune(prune.target(), setting.evidence(), this::note);
            note("pruned to a target of " + prune.target());
        } else if (stage instanceof Stage.Permute) {
            permute(run.training());
        } else if (stage instanceof Stage.Rewind) {
            run.rewind();
        } else if (stage instanceof Stage.Reestimate reestimate) {
            NormStatistics.reestimate(run.training(), setting.shuffled(), reestimate.batches());
            note("took normalisation statistics anew from " + reestimate.batches() + " batches");
        } else {
            compact(run);
        }
    }

    private void permute(TrainingState training) {
        Policy policy = plan.pruning().orElseThrow().policy();
        try (Scope scope = Scope.open();
                Model trained = training.model(Metadata.NONE);
                Permutation.Permuted permuted = Permutation.of(trained, policy)) {
            training.load(permuted.model().weights().asMap());
            note(permuted.toString());
        }
    }

    private void compact(RunState run) {
        run.compact(setting.shuffled())
                .ifPresent(report -> note("compacted from " + report.before().parameters() + " to "
                        + report.after().parameters() + " parameters; largest difference "
                        + report.check().maxAbsDiff() + ", tolerance "
                        + report.check().tolerance()));
    }

    private void fit(Stage.Fit fit, RunState run, Optional<Snapshot> saved) {
        TrainingState training = run.training();
        int perEpoch = setting.training(fit.recipe()).perEpoch();
        if (saved.isEmpty()) {
            training.begin(fit.recipe().optimizer(), start(fit, perEpoch));
        }
        try (BestWeights best = new BestWeights(training)) {
            EarlyStop stop = new EarlyStop(fit.recipe().length().patience());
            List<Listener> listeners = new ArrayList<>(List.of(history, steps, best, stop));
            listeners.addAll(setting.listeners());
            listeners.forEach(listener -> listener.stageBegin(fit.name(), fit.recipe(), perEpoch));
            saved.ifPresent(snapshot -> listeners.forEach(listener -> listener.restore(snapshot)));
            listeners.add(run);
            if (fit.mode() == Stage.Mode.REMEMBERING) {
                run.rememberAt(rewindStep(perEpoch));
            }
            if (fit.mode() == Stage.Mode.PRUNING && !run.isPrunedInFit()) {
                int epochs = fit.recipe().length().epochs();
                PruningInFit pruning = pruning(run, new FitSetting(perEpoch, epochs, setting.evidence(), best, stop));
                if (saved.isEmpty()) {
                    pruning.begin();
                }
                train(fit, listeners, Optional.of(pruning), run);
                pruning.finish();
                compact(run);
                run.endPruningInFit();
            }
            train(fit, listeners, Optional.empty(), run);
            training.settle();
            if (fit.recipe().length().keepBest() && best.isPresent()) {
                holdLast(training);
                best.apply();
            }
        }
    }

    private void holdLast(TrainingState training) {
        try (Scope scope = Scope.open()) {
            last.hold(Tensors.copyOf(training.tensors()));
        }
    }

    private Step start(Stage.Fit fit, int perEpoch) {
        return fit.mode() == Stage.Mode.REWOUND ? rewindStep(perEpoch) : Step.START;
    }

    private Step rewindStep(int perEpoch) {
        double epochs = ((Course.Lottery) plan.pruning().orElseThrow().course()).epochs();
        int batches = Math.toIntExact(Math.round(epochs * perEpoch));
        return new Step(batches / perEpoch, batches % perEpoch);
    }

    private PruningInFit pruning(RunState run, FitSetting fit) {
        PruningRecipe recipe = plan.pruning().orElseThrow();
        if (recipe.course() instanceof Course.Dynamic dynamic) {
            return new DynamicSparsity(run, recipe, dynamic, fit);
        }
        if (recipe.course() instanceof Course.Growing growing) {
            return new GrowingPenalty(run, recipe, growing, fit);
        }
        return new GradualPruning(run, recipe, ((Course.Scheduled) recipe.course()).schedule(), fit);
    }

    /** Trains until the fit's end or until pruning asks for a break; what is already trained is not trained again. */
    private void train(Stage.Fit fit, List<Listener> listeners, Optional<PruningInFit> pruning, RunState run) {
        List<Listener> all = new ArrayList<>(listeners);
        if (fit.recipe().regularisation().penalty().channelLasso() > 0) {
            Spared spared =
                    plan.pruning().map(recipe -> recipe.policy().spared()).orElse(Spared.NOTHING);
            ChannelGroups groups = ChannelGroups.trace(run.training().graph(), spared.ignored(), spared.inexact());
            all.add(new ChannelLasso(groups, fit.recipe().regularisation().penalty()));
        }
        pruning.ifPresent(all::add);
        RunCheckpoint capture = checkpoint;
        if (capture != null) {
            Checkpointing saving = setting.checkpointing().orElseThrow();
            all.add(new Checkpointer(
                    saving.store(), saving.policy(), () -> capture.capture(run.training(), listeners, Map.of())));
        }
        Batches validation = setting.validation().orElse(null);
        try (Teacher teacher = run.teacher().isEmpty() ? null : new Teacher(dense.graph(), run.teacher())) {
            Trainer.fit(run.training(), setting.training(fit.recipe()), validation, fit.recipe(), all, teacher);
        }
    }

    /** Measures the slices after a stage that is a step of pruning; where nothing is pruned, no slice can lose by it. */
    private void step(int stage, RunState run) {
        Optional<Batches> held = plan.pruning().isPresent() ? setting.validation() : Optional.empty();
        held.ifPresent(batches -> step(stage).ifPresent(name -> {
            try (Model model = run.training().model(Metadata.NONE)) {
                steps.add(name, Evaluator.slices(model, batches, Evaluator.evaluate(model, batches)));
            }
        }));
    }

    /** A pruning that is followed by compaction is done with it: where removal is inexact, only then the model is what it will be. */
    private Optional<String> step(int index) {
        Stage stage = stages.get(index);
        if (stage instanceof Stage.Measure) {
            return Optional.of(SliceStep.BEFORE);
        }
        if (stage instanceof Stage.Fit fit) {
            return steps.begun() ? Optional.of(fit.name()) : Optional.empty();
        }
        if (stage instanceof Stage.Reestimate) {
            return Optional.of("statistics taken anew");
        }
        boolean compacted = index + 1 < stages.size() && stages.get(index + 1) instanceof Stage.Compact;
        Stage pruning = stage instanceof Stage.Compact && index > 0 ? stages.get(index - 1) : stage;
        return pruning instanceof Stage.Prune prune && !compacted
                ? Optional.of("pruned to " + Math.round(1e4 * prune.target()) / 1e4)
                : Optional.empty();
    }

    private Measured measure(RunState run) {
        try (Model model = run.training().model(Metadata.NONE)) {
            EvaluationResult evaluation = Evaluator.evaluate(model, setting.measured());
            return new Measured(
                    Size.of(model.graph(), model.weights().asMap()),
                    evaluation,
                    Evaluator.slices(model, setting.measured(), evaluation),
                    new LatencyRace(1, LATENCY_RUNS, setting.device())
                            .medians(List.of(model))
                            .get(0));
        }
    }

    private Optional<Model> last(RunState run, Metadata metadata) {
        return last.value().byName().isEmpty()
                ? Optional.empty()
                : Optional.of(new Model(
                        run.training().graph(),
                        Weights.copyOf(last.value().byName()),
                        RunProvenance.ofLastEpoch(metadata)));
    }

    private RunOutcome outcome(RunState run) {
        Measured after = plan.pruning().isPresent() ? measure(run) : run.before();
        Metadata metadata = RunProvenance.withLatency(
                RunProvenance.metadata(dense.metadata(), plan, setting, history.entries(), run.before(), after),
                run.latency());
        metadata = RunProvenance.withLayers(metadata, run.compaction());
        return new RunOutcome(
                run.training().model(metadata),
                last(run, metadata),
                run.before(),
                after,
                run.compaction(),
                run.latency(),
                history.entries(),
                steps.all(),
                run.trainedMacs());
    }
}
