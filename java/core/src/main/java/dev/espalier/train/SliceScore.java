package dev.espalier.train;

import dev.espalier.data.Slice;
import dev.espalier.data.Source;
import java.util.ArrayList;
import java.util.List;

/**
 * How a named part of a split fares.
 *
 * @param name such as "class cat"
 * @param samples at least one
 * @param accuracy the share of them classified rightly, 0 to 1
 */
public record SliceScore(String name, int samples, double accuracy) {
    public SliceScore {
        if (name.isEmpty() || samples < 1 || !(accuracy >= 0 && accuracy <= 1)) {
            throw new IllegalArgumentException("a slice needs a name, samples and an accuracy from 0 to 1, got '" + name
                    + "', " + samples + " and " + accuracy);
        }
    }

    /** The classes that have samples, then the slices of the source that the result is of. */
    public static List<SliceScore> of(EvaluationResult result, Source source) {
        List<SliceScore> scores = new ArrayList<>(perClass(result, source.classes()));
        for (Slice slice : source.slices()) {
            scores.add(new SliceScore(slice.name(), slice.size(), result.accuracy(slice.rows())));
        }
        return List.copyOf(scores);
    }

    /** One slice for every class that has samples, in the order of {@code classes}. */
    public static List<SliceScore> perClass(EvaluationResult result, List<String> classes) {
        int[] samples = new int[result.classes()];
        for (int label : result.labels()) {
            samples[label]++;
        }
        double[] accuracy = result.perClassAccuracy();
        List<SliceScore> slices = new ArrayList<>();
        for (int c = 0; c < samples.length; c++) {
            if (samples[c] > 0) {
                slices.add(new SliceScore("class " + classes.get(c), samples[c], accuracy[c]));
            }
        }
        return List.copyOf(slices);
    }
}
