package dev.espalier.train;

import dev.espalier.data.Answers;
import dev.espalier.data.Task;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How well any number of labels a sample is told.
 *
 * @param exactMatch share of the samples with all labels right
 * @param microF1 F1 of all decisions together
 * @param macroF1 mean of the F1 of the labels that have one
 * @param perLabel each label by its name
 */
public record LabelScores(double exactMatch, double microF1, double macroF1, Map<String, OfLabel> perLabel) {
    /**
     * One label; what would be divided by 0 is NaN.
     *
     * @param samples that have it
     * @param precision share of what was given that is right
     * @param recall share of what is right that was given
     * @param f1 their harmonic mean
     */
    public record OfLabel(int samples, double precision, double recall, double f1) {
        private static OfLabel of(int both, int given, int right) {
            return new OfLabel(
                    right, (double) both / given, (double) both / right, 2.0 * both / ((double) given + right));
        }
    }

    /** Of a result whose task is labels of these names; of another none. */
    public static Optional<LabelScores> of(EvaluationResult result, List<String> names) {
        Answers given = result.given();
        Answers right = result.right();
        if (right.task() != Task.LABELS) {
            return Optional.empty();
        }
        Map<String, OfLabel> perLabel = new LinkedHashMap<>();
        int[] all = new int[3];
        for (int k = 0; k < right.outputs(); k++) {
            int[] counts = new int[3];
            for (int i = 0; i < right.size(); i++) {
                counts[0] += given.has(i, k) && right.has(i, k) ? 1 : 0;
                counts[1] += given.has(i, k) ? 1 : 0;
                counts[2] += right.has(i, k) ? 1 : 0;
            }
            perLabel.put(names.get(k), OfLabel.of(counts[0], counts[1], counts[2]));
            for (int j = 0; j < all.length; j++) {
                all[j] += counts[j];
            }
        }
        double exact = IntStream.range(0, right.size())
                .map(i -> given.score(i, right) == 1 ? 1 : 0)
                .average()
                .orElse(Double.NaN);
        double macro = perLabel.values().stream()
                .mapToDouble(OfLabel::f1)
                .filter(f1 -> !Double.isNaN(f1))
                .average()
                .orElse(Double.NaN);
        return Optional.of(
                new LabelScores(exact, OfLabel.of(all[0], all[1], all[2]).f1(), macro, perLabel));
    }
}
