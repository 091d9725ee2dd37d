package dev.espalier.train;

/**
 * What one batch of training did: the position after it, the batches consumed since the start of the fit, its loss, and
 * the learning rate that was used.
 */
public record StepReport(Step position, long batches, int samples, double loss, double accuracy, double learningRate) {}
