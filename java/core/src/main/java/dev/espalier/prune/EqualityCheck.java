package dev.espalier.prune;

/**
 * How far the outputs of a compacted model were from those of the masked one.
 *
 * @param maxAbsDiff the largest difference, at the output where it is largest in relation to the tolerance
 * @param tolerance the difference that rounding alone may cause at that output
 * @param passed whether no output differs by more than its tolerance
 * @param deviation where a removal changes results by nature, the masked model takes its statistics over what stays; this is the
 *     largest difference to the model that is merely masked, in relation to its largest output; 0 where every removal is exact
 */
public record EqualityCheck(double maxAbsDiff, double tolerance, boolean passed, double deviation) {}
