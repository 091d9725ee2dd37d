package dev.espalier.pipeline;

import dev.espalier.data.Batches;
import dev.espalier.prune.Budget;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Mask;
import dev.espalier.prune.MaskedWeights;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.Ranking;
import dev.espalier.prune.ScoreScope;
import dev.espalier.prune.Sensitivity;
import dev.espalier.prune.Spared;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.Evaluator;
import dev.espalier.train.TrainingState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Prunes one layer at a time, with all that goes with it, and measures by how much the loss rises. */
final class SensitivityScan {
    /** In place of a loss that is no number. */
    private static final double RUIN = 1e30;

    private final TrainingState training;
    private final Pruner pruner;
    private final Batches batches;
    private final int count;

    /**
     * @param policy whose criterion says what goes first within a layer
     * @param count batches that the loss is measured on
     */
    SensitivityScan(TrainingState training, Policy policy, Batches batches, int count) {
        this.training = training;
        this.pruner = new Pruner(training.graph(), within(policy));
        this.batches = batches;
        this.count = count;
    }

    /** The same choice of what goes, of each layer alone. */
    private static Policy within(Policy policy) {
        Ranking ranking = policy.ranking();
        Budget.Of of = policy.pattern() == Pattern.ELEMENT ? Budget.Of.SPARSITY : Budget.Of.CHANNELS;
        return new Policy(
                new Ranking(ranking.criterion(), ranking.aggregation(), ranking.normalisation(), ScoreScope.LOCAL),
                policy.pattern(),
                policy.grain(),
                Budget.of(0, of),
                new Spared(
                        policy.ignored(),
                        policy.spared().inexact(),
                        0,
                        policy.spared().open()),
                policy.seed());
    }

    /**
     * By layer the change of the loss at each of {@link Sensitivity#SHARES}, in the open scope; {@code told} hears of each. What
     * {@code present} removes is gone already and counts in these shares.
     */
    Map<String, Tensor> damages(Mask present, Evidence evidence, Consumer<String> told) {
        Map<String, float[]> damages = new LinkedHashMap<>();
        double whole = Evaluator.loss(training, Map.of(), batches, count);
        for (int i = 0; i < Sensitivity.SHARES.size(); i++) {
            try (Scope scope = Scope.open()) {
                Mask mask = pruner.next(present, evidence, Sensitivity.SHARES.get(i));
                for (Map.Entry<String, Mask> layer : layers(mask).entrySet()) {
                    double loss = without(layer.getValue());
                    damages.computeIfAbsent(layer.getKey(), name -> new float[Sensitivity.SHARES.size()])[i] =
                            (float) (Double.isFinite(loss) ? loss - whole : RUIN);
                }
            }
        }
        told.accept("loss " + shown(whole) + "; change by layer, with " + percents() + " of it removed:");
        damages.forEach((layer, own) -> told.accept(layer + ": "
                + IntStream.range(0, own.length).mapToObj(i -> shown(own[i])).collect(Collectors.joining(", "))));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        damages.forEach((layer, own) -> tensors.put(layer, Tensor.of(own, own.length)));
        return tensors;
    }

    private static String shown(double loss) {
        return String.format(Locale.ROOT, "%.3g", loss);
    }

    private static String percents() {
        return Sensitivity.SHARES.stream()
                        .map(share -> Long.toString(Math.round(100 * share)))
                        .collect(Collectors.joining(", "))
                + " %";
    }

    private static Map<String, Mask> layers(Mask mask) {
        Map<String, Mask> layers = new LinkedHashMap<>();
        mask.elements().forEach((parameter, bits) -> layers.put(parameter, Mask.of(Map.of(parameter, bits), Map.of())));
        mask.channels().forEach((group, kept) -> layers.put(group, Mask.of(Map.of(), Map.of(group, kept))));
        return layers;
    }

    private double without(Mask mask) {
        try (Scope scope = Scope.open();
                MaskedWeights masked = MaskedWeights.of(pruner.groups(), mask, training.device())) {
            Map<String, Tensor> replaced = new LinkedHashMap<>();
            List<String> parameters = masked.parameters();
            training.tensors().forEach((name, tensor) -> {
                if (parameters.contains(name)) {
                    replaced.put(name, tensor.detach().copy());
                }
            });
            masked.apply(replaced);
            return Evaluator.loss(training, replaced, batches, count);
        }
    }
}
