package dev.espalier.train;

import dev.espalier.data.Answers;
import dev.espalier.data.Source;
import dev.espalier.data.Task;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What training makes small besides penalties: the loss against the labels, and the distance to a teacher's outputs. */
final class Objective implements AutoCloseable {
    private final RegularisationRecipe recipe;
    private final @Nullable Teacher teacher;
    private final Scope owner = Scope.owner("class weights");
    /** By class, or of labels first by those a sample lacks, then by those it has; none where all samples count alike. */
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
                : placed(balanced(train.answers()), device);
    }

    private Tensor placed(float[] values, Device device) {
        try (Scope scope = Scope.open()) {
            return owner.adopt(Tensor.of(values, values.length).to(device));
        }
    }

    private static float[] balanced(Answers right) {
        if (right.task() == Task.CLASSES) {
            return balanced(right.classes(), right.outputs());
        }
        float[] weights = new float[2 * right.outputs()];
        for (int k = 0; k < right.outputs(); k++) {
            int label = k;
            float[] both = balanced(
                    IntStream.range(0, right.size())
                            .map(i -> right.has(i, label) ? 1 : 0)
                            .toArray(),
                    2);
            weights[k] = both[0];
            weights[right.outputs() + k] = both[1];
        }
        return weights;
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
        Tensor labelled = loss(seen, mixture.batch().labels());
        if (mixture.share() < 1) {
            labelled = labelled.mul(mixture.share())
                    .add(loss(seen, mixture.others()).mul(1 - mixture.share()));
        }
        return teacher == null ? labelled : recipe.distill().loss(labelled, seen, teacher.scores(mixture.batch()));
    }

    /** The mean over the batch, a sample counted by the weight of its class: over an epoch these weights have mean 1. */
    private Tensor loss(Classifier.Seen seen, Tensor labels) {
        Tensor weights = this.weights;
        return weights == null
                ? seen.task().loss(seen.logits(), labels, recipe.labelSmoothing())
                : seen.task()
                        .losses(seen.logits(), labels, recipe.labelSmoothing())
                        .mul(seen.task() == Task.CLASSES ? weights.indexSelect(0, labels) : ofLabels(weights, labels))
                        .mean();
    }

    private static Tensor ofLabels(Tensor weights, Tensor labels) {
        long count = labels.size(1);
        Tensor without = weights.narrow(0, 0, count);
        return weights.narrow(0, count, count).sub(without).mul(labels).add(without);
    }

    @Override
    public void close() {
        owner.close();
    }
}
