package dev.espalier.train;

import dev.espalier.runtime.Tensor;

/**
 * How much a model learns from the scores of a teacher (Hinton et al., "Distilling the knowledge in a neural network", 2015).
 *
 * @param weight share of the loss that compares with the teacher, the rest with the labels; 0 for no teacher
 * @param temperature what scores are divided by before both are compared
 */
public record DistillRecipe(double weight, double temperature) {
    public DistillRecipe {
        if (!(weight >= 0 && weight <= 1)) {
            throw new IllegalArgumentException("distill must be from 0 to 1, got " + weight);
        }
        Bounds.positive("temperature", temperature);
    }

    /**
     * {@code (1 - weight) * labelled + weight * divergence}, the latter that of the task.
     *
     * @param labelled the loss against the labels
     * @param teacher outputs for the same samples, without gradients
     */
    Tensor loss(Tensor labelled, Classifier.Seen student, Tensor teacher) {
        Tensor divergence = student.task().divergence(student.logits(), teacher, temperature);
        return labelled.mul(1 - weight).add(divergence.mul(weight));
    }
}
