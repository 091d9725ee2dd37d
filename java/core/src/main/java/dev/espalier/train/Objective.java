package dev.espalier.train;

import dev.espalier.data.Source;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import org.jspecify.annotations.Nullable;

/** What training makes small besides penalties: cross-entropy with the labels, and the distance to a teacher's scores. */
final class Objective implements AutoCloseable {
    private final RegularisationRecipe recipe;
    private final @Nullable Teacher teacher;
    private final Scope owner = Scope.owner("class weights");
    /** By class; none where all samples count alike. */
    private final @Nullable Tensor weights;

    /**
     * @param train whose labels decide the weights of classes
     * @param teacher there is one if the recipe distills
     */
    Objective(RegularisationRecipe recipe, Source train, Device device, @Nullable Teacher teacher) {
        this.recipe = recipe;
        this.teacher = teacher;
        this.weights = recipe.classWeights() == RegularisationRecipe.ClassWeights.NONE
                ? null
                : placed(balanced(train.labels(), train.classes().size()), device);
    }

    private Tensor placed(float[] values, Device device) {
        try (Scope scope = Scope.open()) {
            return owner.adopt(Tensor.of(values, values.length).to(device));
        }
    }

    /** By class the samples there would be if all classes that occur had equally many, per sample that there is. */
    static float[] balanced(int[] labels, int classes) {
        long[] counts = new long[classes];
        int present = 0;
        for (int label : labels) {
            present += counts[label]++ == 0 ? 1 : 0;
        }
        float[] weights = new float[classes];
        for (int k = 0; k < classes; k++) {
            weights[k] = counts[k] == 0 ? 0 : (float) ((double) labels.length / present / counts[k]);
        }
        return weights;
    }

    /** The loss of a batch that was seen, as a scalar. */
    Tensor of(Classifier.Seen seen, Mixture mixture) {
        Tensor labelled = crossEntropy(seen.logits(), mixture.batch().labels());
        if (mixture.share() < 1) {
            labelled = labelled.mul(mixture.share())
                    .add(crossEntropy(seen.logits(), mixture.others()).mul(1 - mixture.share()));
        }
        return teacher == null
                ? labelled
                : recipe.distill().loss(labelled, seen.logits(), teacher.scores(mixture.batch()));
    }

    /** The mean over the batch, a sample counted by the weight of its class: over an epoch these weights have mean 1. */
    private Tensor crossEntropy(Tensor logits, Tensor labels) {
        return weights == null
                ? Nn.crossEntropy(logits, labels, recipe.labelSmoothing())
                : Nn.crossEntropies(logits, labels, recipe.labelSmoothing())
                        .mul(weights.indexSelect(0, labels))
                        .mean();
    }

    @Override
    public void close() {
        owner.close();
    }
}
