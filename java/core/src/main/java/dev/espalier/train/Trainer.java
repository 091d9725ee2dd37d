package dev.espalier.train;

import dev.espalier.data.Augmentation;
import dev.espalier.data.Batch;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Autocast;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The training loop: batches in, gradients, updates, masks; everything else is a {@link Listener}. */
public final class Trainer {
    private final TrainingState state;
    private final Batches batches;
    private final @Nullable Batches validation;
    /** Validation with modalities hidden as in training: where several say enough, only this tells what each has learnt. */
    private final @Nullable Batches hidden;

    private final Recipe recipe;
    private final List<Listener> listeners;
    private final Tape tape;
    private Segments segments;
    private final Penalty penalty;
    private final Objective objective;
    private final Mixup mixup;
    private final int perEpoch;
    private ToDoubleFunction<Step> rates = this::scheduled;

    private Trainer(
            TrainingState state,
            Batches batches,
            @Nullable Batches validation,
            Recipe recipe,
            List<Listener> listeners,
            Tape tape,
            Objective objective) {
        this.state = state;
        this.objective = objective;
        this.mixup = new Mixup(recipe.data().mixup(), recipe.run().seed());
        this.batches = batches;
        this.validation = validation;
        this.hidden = validation == null ? null : hidden(validation, recipe);
        this.recipe = recipe;
        this.listeners = List.copyOf(listeners);
        this.tape = tape;
        this.segments = segments();
        this.penalty = new Penalty(recipe.regularisation().penalty(), state.graph());
        this.perEpoch = batches.perEpoch();
    }

    /**
     * Trains from the state's position to the end of the recipe, or until a listener stops it. A state at position zero
     * seeds the random numbers from the recipe; a restored one goes on with those it was restored with.
     */
    public static void fit(
            TrainingState state, Batches train, @Nullable Batches validation, Recipe recipe, List<Listener> listeners) {
        fit(state, train, validation, recipe, listeners, null);
    }

    /** As {@link #fit(TrainingState, Batches, Batches, Recipe, List)}, learning from a teacher as far as the recipe says. */
    public static void fit(
            TrainingState state,
            Batches train,
            @Nullable Batches validation,
            Recipe recipe,
            List<Listener> listeners,
            @Nullable Teacher teacher) {
        boolean distills = recipe.regularisation().distill().weight() > 0;
        if (distills && teacher == null) {
            throw new IllegalArgumentException(
                    "distill "
                            + recipe.regularisation().distill().weight()
                            + " needs a teacher, and there is none; set it to 0, or fine-tune a pruned model, whose dense model teaches");
        }
        Determinism.enable(recipe.run().deterministic());
        if (!state.progress().begun()) {
            Rng.seed(recipe.run().seed());
        }
        try (Tape tape = new Tape();
                Objective objective = objective(state, train, recipe, distills ? teacher : null)) {
            new Trainer(state, train, validation, recipe, listeners, tape, objective).run();
        }
    }

    /** Trains as {@link #fit} does, but at the rates given, whatever the recipe's schedule. */
    static void ramp(
            TrainingState state, Batches train, Recipe recipe, ToDoubleFunction<Step> rates, Listener listener) {
        Determinism.enable(recipe.run().deterministic());
        Rng.seed(recipe.run().seed());
        try (Tape tape = new Tape();
                Objective objective = objective(state, train, recipe, null)) {
            Trainer trainer = new Trainer(state, train, null, recipe, List.of(listener), tape, objective);
            trainer.rates = rates;
            trainer.run();
        }
    }

    private static Objective objective(TrainingState state, Batches train, Recipe recipe, @Nullable Teacher teacher) {
        recipe.check(train.source().answers().task());
        return new Objective(recipe.regularisation(), train.source(), state.device(), teacher);
    }

    private Segments segments() {
        boolean masked = recipe.run().precision() == RunRecipe.Precision.F32;
        return Segments.plan(state, masked, batches.options().size(), tape);
    }

    private void run() {
        if (recipe.length().averageDecay() > 0) {
            state.keepAverage(recipe.length().averageDecay());
        }
        while (state.position().epoch() < recipe.length().epochs() && !stopped()) {
            epoch();
        }
    }

    private boolean stopped() {
        return listeners.stream().anyMatch(Listener::stops);
    }

    private void epoch() {
        long begun = System.nanoTime();
        Step from = state.position();
        if (from.iteration() == 0) {
            state.progress().beginEpoch();
        }
        double rate = 0;
        try (Cursor cursor = batches.epoch(from.epoch(), from.iteration())) {
            while (cursor.hasNext() && !stopped()) {
                rate = rates.applyAsDouble(state.position());
                batch(cursor, rate);
            }
        }
        boolean whole = state.position().iteration() == 0;
        EvaluationResult held = whole && validation != null ? Evaluator.judge(state, validation) : null;
        double hiddenAccuracy =
                whole && hidden != null ? Evaluator.judge(state, hidden).accuracy() : Double.NaN;
        state.progress().spend(System.nanoTime() - begun);
        if (whole) {
            if (held != null) {
                tellSlices(held);
            }
            EpochReport.Scores scores = state.progress().scores();
            long batchesDone = state.position().total(perEpoch);
            EpochReport report = new EpochReport(
                    from.epoch(),
                    batchesDone,
                    scores,
                    held == null ? null : new EpochReport.Scores(held.loss(), held.accuracy(), hiddenAccuracy),
                    rate,
                    state.progress().seconds());
            listeners.forEach(listener -> listener.epochEnd(report));
            listeners.forEach(listener -> listener.safePoint(state.position()));
        }
    }

    private static @Nullable Batches hidden(Batches validation, Recipe recipe) {
        double share = recipe.data().augmentation().mixed().modalityDropout();
        return share > 0 && validation.source().modalities().size() > 1
                ? new Batches(
                        validation.source(),
                        validation.options().augmented(Augmentation.none().withMixed(MixedAugmentation.hiding(share))))
                : null;
    }

    private void tellSlices(EvaluationResult held) {
        if (validation != null) {
            List<SliceScore> slices = SliceScore.of(held, validation.source());
            listeners.forEach(listener -> listener.slices(slices));
        }
    }

    private double scheduled(Step position) {
        return recipe.optimizer().learningRate()
                * recipe.schedule().factor(position, recipe.length().epochs(), perEpoch);
    }

    private void batch(Cursor cursor, double rate) {
        Step step = state.position();
        int accumulate = recipe.run().accumulate();
        int inGroup = step.iteration() % accumulate;
        int group = Math.min(accumulate, perEpoch - (step.iteration() - inGroup));
        boolean update = inGroup + 1 == group;
        StepReport report;
        try (Scope scope = Scope.open()) {
            Mixture mixture = mixup.of(cursor.next(), step);
            Batch batch = mixture.batch();
            Classifier.Seen seen = forward(batch);
            Tensor loss = objective.of(seen, mixture);
            double value = loss.item();
            if (!Double.isFinite(value)) {
                throw new DivergenceException(value, step, rate);
            }
            (group == 1 ? loss : loss.div(group)).backward();
            tape.unwind();
            if (update) {
                update(rate);
            }
            double right = seen.right();
            state.progress().add(value, right, batch.size());
            state.progress().advance(perEpoch);
            long batchesDone = state.position().total(perEpoch);
            double accuracy = right / batch.size();
            report = new StepReport(state.position(), batchesDone, batch.size(), value, accuracy, rate);
        }
        listeners.forEach(listener -> listener.stepEnd(report));
        if (update && state.position().iteration() > 0) {
            listeners.forEach(listener -> listener.safePoint(state.position()));
        }
    }

    private Classifier.Seen forward(Batch batch) {
        if (segments.maskings() != state.maskings()) {
            segments = segments();
        }
        Classifier classifier = segments.classifier();
        if (recipe.run().precision() == RunRecipe.Precision.F32) {
            return classifier.see(state.tensors(), batch, Evaluation.TRAINING);
        }
        try (Autocast guard = Autocast.bf16(state.device())) {
            return classifier.see(state.tensors(), batch, Evaluation.TRAINING);
        }
    }

    private void update(double rate) {
        Map<String, Tensor> parameters = state.parameters();
        if (recipe.regularisation().penalty().hasGradient()) {
            penalty.addTo(parameters);
        }
        listeners.forEach(listener -> listener.gradientsReady(state));
        double scale = 1;
        if (recipe.regularisation().clipNorm() > 0) {
            state.maskGradients();
            scale = clipScale(parameters, recipe.regularisation().clipNorm());
        }
        state.update(rate, scale);
        if (recipe.regularisation().penalty().hasProximalStep()) {
            penalty.shrink(parameters, rate);
        }
        listeners.forEach(listener -> listener.updated(state, rate));
        state.moved();
        parameters.values().forEach(Tensor::clearGrad);
    }

    /** What brings the joint L2 norm of all gradients down to {@code most}; 1 if it is not above. */
    static double clipScale(Map<String, Tensor> parameters, double most) {
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            List<Tensor> norms = new ArrayList<>();
            for (Tensor parameter : parameters.values()) {
                Tensor gradient = parameter.grad();
                if (gradient != null) {
                    norms.add(gradient.norm());
                }
            }
            double norm = Tensor.stack(norms, 0).norm().item();
            return norm > most ? most / norm : 1;
        }
    }
}
