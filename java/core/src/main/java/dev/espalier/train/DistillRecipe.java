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
     * {@code (1 - weight) * labelled + weight * temperature^2 * KL(teacher || student)}, the divergence of the softened scores as a
     * mean over the batch.
     *
     * @param labelled the loss against the labels
     * @param student scores [n, classes]
     * @param teacher scores [n, classes], without gradients
     */
    Tensor loss(Tensor labelled, Tensor student, Tensor teacher) {
        Tensor logOf = teacher.div(temperature).logSoftmax(1);
        Tensor divergence = logOf.exp()
                .mul(logOf.sub(student.div(temperature).logSoftmax(1)))
                .sum()
                .div((double) student.size(0));
        return labelled.mul(1 - weight).add(divergence.mul(weight * temperature * temperature));
    }
}
