package dev.espalier.train;

import java.util.Arrays;
import java.util.Locale;

/** What a classifier does on a whole split: its mean loss, and the class it gives each sample beside the right one. */
public final class EvaluationResult {
    private final double loss;
    private final int[] predictions;
    private final int[] labels;
    private final int classes;

    /** {@code predictions[i]} and {@code labels[i]} are classes, below {@code classes}, of sample i of the split. */
    public EvaluationResult(double loss, int[] predictions, int[] labels, int classes) {
        this.loss = loss;
        this.predictions = predictions.clone();
        this.labels = labels.clone();
        this.classes = classes;
        if (predictions.length != labels.length) {
            throw new IllegalArgumentException(
                    "as many predictions as labels are needed, got " + predictions.length + " and " + labels.length);
        }
    }

    /** Mean cross-entropy per sample. */
    public double loss() {
        return loss;
    }

    /** The number of classes. */
    public int classes() {
        return classes;
    }

    /** The class given to each sample. */
    public int[] predictions() {
        return predictions.clone();
    }

    /** The right class of each sample. */
    public int[] labels() {
        return labels.clone();
    }

    public int samples() {
        return labels.length;
    }

    /** The share of samples classified rightly. */
    public double accuracy() {
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            if (predictions[i] == labels[i]) {
                right++;
            }
        }
        return labels.length == 0 ? 0 : (double) right / labels.length;
    }

    /** The share classified rightly of some samples, at least one. */
    public double accuracy(int[] samples) {
        int right = 0;
        for (int sample : samples) {
            if (predictions[sample] == labels[sample]) {
                right++;
            }
        }
        return (double) right / samples.length;
    }

    /** The share classified rightly of each class's samples; NaN for a class without samples. */
    public double[] perClassAccuracy() {
        int[] right = new int[classes];
        int[] all = new int[classes];
        for (int i = 0; i < labels.length; i++) {
            all[labels[i]]++;
            if (predictions[i] == labels[i]) {
                right[labels[i]]++;
            }
        }
        double[] accuracy = new double[classes];
        Arrays.setAll(accuracy, c -> all[c] == 0 ? Double.NaN : (double) right[c] / all[c]);
        return accuracy;
    }

    /** The samples that {@code before} classified rightly and this result does not. */
    public int[] newlyWrong(EvaluationResult before) {
        if (!Arrays.equals(before.labels, labels)) {
            throw new IllegalArgumentException("the two results are of different samples");
        }
        int[] wrong = new int[labels.length];
        int count = 0;
        for (int i = 0; i < labels.length; i++) {
            if (before.predictions[i] == labels[i] && predictions[i] != labels[i]) {
                wrong[count++] = i;
            }
        }
        return Arrays.copyOf(wrong, count);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%d samples, loss %.4f, accuracy %.2f %%", samples(), loss, 100 * accuracy());
    }
}
