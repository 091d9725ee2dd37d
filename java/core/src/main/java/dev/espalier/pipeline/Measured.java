package dev.espalier.pipeline;

import dev.espalier.prune.Size;
import dev.espalier.train.EvaluationResult;

/** A model in numbers: its size, what it gets right, and the median time of one image in milliseconds. */
public record Measured(Size size, EvaluationResult evaluation, double latencyMillis) {}
