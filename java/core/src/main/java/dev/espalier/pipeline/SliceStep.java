package dev.espalier.pipeline;

import dev.espalier.train.SliceScore;
import java.util.List;

/**
 * How parts of the validation samples fared after one step of a run.
 *
 * @param name what was done, such as "pruned to 0.45" or "fine-tune"
 * @param slices in the same order after each step
 */
public record SliceStep(String name, List<SliceScore> slices) {
    /** What the model is called that nothing was removed from yet. */
    static final String BEFORE = "before";

    public SliceStep {
        if (name.isEmpty() || name.contains(",")) {
            throw new IllegalArgumentException("a step needs a name without commas, got '" + name + "'");
        }
        slices = List.copyOf(slices);
    }
}
