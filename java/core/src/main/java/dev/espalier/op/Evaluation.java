package dev.espalier.op;

/** How operators evaluate: in training, Dropout drops and BatchNormalization uses and records the batch's own statistics. */
public record Evaluation(boolean training) {
    public static final Evaluation TRAINING = new Evaluation(true);
    public static final Evaluation INFERENCE = new Evaluation(false);
}
