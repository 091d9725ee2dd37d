package dev.espalier.pipeline;

import dev.espalier.data.Batches;
import dev.espalier.prune.ActivationMeasure;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.InputNorms;
import dev.espalier.prune.LayerChanges;
import dev.espalier.prune.Layers;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Measure;
import dev.espalier.prune.ScoreScope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.GradientEvidence;
import dev.espalier.train.TrainingState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** The evidence that a recipe's criterion asks for: weights as they are, the rest measured on batches. */
final class MeasuredEvidence {
    private final TrainingState training;
    private final ChannelGroups groups;
    private final PruningRecipe recipe;

    /** {@code groups} are those of the graph in training. */
    MeasuredEvidence(TrainingState training, ChannelGroups groups, PruningRecipe recipe) {
        this.training = training;
        this.groups = groups;
        this.recipe = recipe;
    }

    /** All tensors without their record of gradients, in the open scope. */
    Map<String, Tensor> weights() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        training.tensors().forEach((name, tensor) -> weights.put(name, tensor.detach()));
        return weights;
    }

    /** In the open scope, of a network that has lost what {@code present} removes; {@code told} hears what takes long. */
    Evidence of(Mask present, Batches batches, Consumer<String> told) {
        Evidence evidence = ofCriterion(batches);
        if (recipe.policy().scope() != ScoreScope.SENSITIVITY) {
            return evidence;
        }
        SensitivityScan scan = new SensitivityScan(
                training, recipe.policy(), batches, recipe.probe().gradientBatches());
        return evidence.with(Measure.DAMAGES, scan.damages(present, evidence, told));
    }

    private Evidence ofCriterion(Batches batches) {
        Map<String, Tensor> weights = weights();
        Evidence evidence = Evidence.ofWeights(weights);
        return recipe.policy()
                .criterion()
                .measure()
                .filter(Measure::needsData)
                .map(measure -> evidence.with(measure, measured(measure, weights, batches)))
                .orElse(evidence);
    }

    private Map<String, Tensor> measured(Measure measure, Map<String, Tensor> weights, Batches batches) {
        int count = recipe.probe().gradientBatches();
        return switch (measure) {
            case GRADIENTS -> GradientEvidence.collect(training, batches, count);
            case SQUARED_GRADIENTS -> GradientEvidence.squares(training, batches, count);
            case HESSIAN_GRADIENTS -> GradientEvidence.timesHessian(training, batches, count);
            case INPUT_NORMS -> {
                InputNorms norms = new InputNorms(training.graph(), weights);
                GradientEvidence.observe(training, batches, count, norms);
                yield norms.result();
            }
            case NONZERO_SHARES, ACTIVATIONS, RANKS -> {
                ActivationMeasure activations = new ActivationMeasure(groups, measure);
                GradientEvidence.observe(training, batches, count, activations);
                yield activations.result();
            }
            case LAYER_CHANGES -> {
                LayerChanges changes = new LayerChanges(Layers.of(training.graph()));
                GradientEvidence.observe(training, batches, count, changes);
                yield changes.result();
            }
            case FLOW_GRADIENTS, DAMAGES -> throw new IllegalArgumentException(measure + " is not measured on batches");
        };
    }
}
