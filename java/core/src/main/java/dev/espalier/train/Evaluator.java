package dev.espalier.train;

import dev.espalier.data.Answers;
import dev.espalier.data.Batch;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.Source;
import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/** Runs a classifier over a split without training it. */
public final class Evaluator {
    private Evaluator() {}

    /** Evaluates a model; batches must be on the device of its weights. */
    public static EvaluationResult evaluate(Model model, Batches batches) {
        return evaluate(model.graph(), model.weights().asMap(), batches);
    }

    /**
     * How parts of a split fare: classes, slices of the source and, where samples have several modalities, the samples with all but one
     * modality hidden ({@code only image}) and with one hidden ({@code without image}), as far as they have others.
     *
     * @param whole what {@link #evaluate} said of the same model and batches
     */
    public static List<SliceScore> slices(Model model, Batches batches, EvaluationResult whole) {
        Source source = batches.source();
        List<SliceScore> scores = new ArrayList<>(SliceScore.of(whole, source));
        Set<String> all = new LinkedHashSet<>(source.modalities());
        for (String modality : all.size() > 1 ? all : Set.<String>of()) {
            Set<String> others = new LinkedHashSet<>(all);
            others.remove(modality);
            BitSet rest = new BitSet();
            others.forEach(other -> Arrays.stream(source.having(other)).forEach(rest::set));
            seen(model, batches, others, source.having(modality))
                    .ifPresent(result -> scores.add(score("only " + modality, result)));
            seen(model, batches, Set.of(modality), rest.stream().toArray())
                    .ifPresent(result -> scores.add(score("without " + modality, result)));
        }
        return List.copyOf(scores);
    }

    private static SliceScore score(String name, EvaluationResult result) {
        return new SliceScore(name, result.samples(), result.accuracy());
    }

    private static Optional<EvaluationResult> seen(Model model, Batches batches, Set<String> hidden, int[] samples) {
        return samples.length == 0
                ? Optional.empty()
                : Optional.of(evaluate(
                        model,
                        new Batches(
                                batches.source().rows(samples),
                                batches.options().hiding(hidden))));
    }

    /** Evaluates a model in training as it is now. */
    public static EvaluationResult evaluate(TrainingState state, Batches batches) {
        return evaluate(state.graph(), state.tensors(), batches);
    }

    /**
     * The mean loss of a model in training over the first batches of epoch zero.
     *
     * @param replaced tensors that stand in for the model's own, by name
     * @param count batches, or all if there are fewer
     */
    public static double loss(TrainingState state, Map<String, Tensor> replaced, Batches batches, int count) {
        Map<String, Tensor> tensors = new HashMap<>(state.tensors());
        tensors.putAll(replaced);
        return loss(state.graph(), tensors, batches, count, (batch, seen) -> {});
    }

    /** Evaluates a model in training as validation judges it: the average of its weights where one is kept. */
    static EvaluationResult judge(TrainingState state, Batches batches) {
        return evaluate(state.graph(), state.judged(), batches);
    }

    private static EvaluationResult evaluate(Graph graph, Map<String, Tensor> tensors, Batches batches) {
        if (batches.options().sampling().dropLast()) {
            throw new IllegalArgumentException("an evaluation needs every sample; make batches that keep the last one");
        }
        Answers right = batches.source().answers();
        int columns = right.columns();
        float[] given = new float[right.values().length];
        double loss = loss(graph, tensors, batches, Integer.MAX_VALUE, (batch, seen) -> {
            float[] values = seen.given().values();
            for (int i = 0; i < batch.size(); i++) {
                System.arraycopy(values, i * columns, given, batch.indices()[i] * columns, columns);
            }
        });
        return new EvaluationResult(loss, new Answers(right.task(), right.outputs(), given, right.scale()), right);
    }

    /** The mean loss; {@code each} is told of every batch in a scope of its own. */
    private static double loss(
            Graph graph,
            Map<String, Tensor> tensors,
            Batches batches,
            int count,
            BiConsumer<Batch, Classifier.Seen> each) {
        double sum = 0;
        long samples = 0;
        try (Grad guard = Grad.disabled();
                Inference inference = Inference.of(graph, tensors);
                Cursor cursor = batches.epoch(0, 0)) {
            for (int i = 0; i < count && cursor.hasNext(); i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = cursor.next();
                    Classifier.Seen seen = inference.see(batch);
                    sum += seen.loss(0).item() * batch.size();
                    samples += batch.size();
                    each.accept(batch, seen);
                }
            }
        }
        return sum / samples;
    }
}
