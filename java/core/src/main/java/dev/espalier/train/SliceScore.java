package dev.espalier.train;

import dev.espalier.data.Answers;
import dev.espalier.data.Source;
import java.util.List;
import java.util.stream.Stream;

/**
 * How a named part of a split fares.
 *
 * @param name such as "class cat"
 * @param samples at least one
 * @param accuracy their mean score, 0 to 1: of classes, the share classified rightly
 */
public record SliceScore(String name, int samples, double accuracy) {
    public SliceScore {
        if (name.isEmpty() || samples < 1 || !(accuracy >= 0 && accuracy <= 1)) {
            throw new IllegalArgumentException("a slice needs a name, samples and an accuracy from 0 to 1, got '" + name
                    + "', " + samples + " and " + accuracy);
        }
    }

    /** What {@link Answers#slices} makes of the right answers, then the slices of the source that the result is of. */
    public static List<SliceScore> of(EvaluationResult result, Source source) {
        return Stream.concat(result.right().slices(source.classes()).stream(), source.slices().stream())
                .map(slice -> new SliceScore(slice.name(), slice.size(), result.accuracy(slice.rows())))
                .toList();
    }
}
