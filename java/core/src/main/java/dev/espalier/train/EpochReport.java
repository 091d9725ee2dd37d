package dev.espalier.train;

import org.jspecify.annotations.Nullable;

/** What one epoch of training did; {@code validation} is absent when no validation split was given. */
public record EpochReport(
        int epoch, long batches, Scores training, @Nullable Scores validation, double learningRate, double seconds) {

    /** Mean loss per sample, and the share of samples classified rightly. */
    public record Scores(double loss, double accuracy) {}
}
