package dev.espalier.pipeline;

import dev.espalier.prune.Size;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.SliceScore;
import java.util.List;

/**
 * A model in numbers.
 *
 * @param evaluation what it gets right
 * @param slices how parts of the same samples fare
 * @param latencyMillis median time of one sample
 */
public record Measured(Size size, EvaluationResult evaluation, List<SliceScore> slices, double latencyMillis) {
    public Measured {
        slices = List.copyOf(slices);
    }
}
