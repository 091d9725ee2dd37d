package dev.espalier.train;

import org.jspecify.annotations.Nullable;

/** What one epoch of training did; {@code validation} is absent when no validation split was given. */
public record EpochReport(
        int epoch, long batches, Scores training, @Nullable Scores validation, double learningRate, double seconds) {

    /**
     * How samples fared.
     *
     * @param loss the mean per sample
     * @param accuracy the share classified rightly
     * @param hidden the share classified rightly where modalities are hidden as often as in training; NaN where none are
     */
    public record Scores(double loss, double accuracy, double hidden) {
        /** Of samples of which nothing is hidden. */
        public Scores(double loss, double accuracy) {
            this(loss, accuracy, Double.NaN);
        }

        /** What epochs are compared by: the accuracy, with modalities hidden if they are in training. */
        public double judged() {
            return Double.isNaN(hidden) ? accuracy : hidden;
        }
    }
}
