package dev.espalier.train;

import dev.espalier.data.Answers;
import dev.espalier.data.Task;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How well numbers are told, in the units of the labels; what is given lies within the numbers learnt from.
 *
 * @param meanAbsoluteError per sample
 * @param rootMeanSquaredError per sample
 * @param r2 share of the variance that is explained, below 0 where the mean would do better; NaN where all labels are equal
 */
public record NumberScores(double meanAbsoluteError, double rootMeanSquaredError, double r2) {
    /** Of a result whose task is numbers; of another none. */
    public static Optional<NumberScores> of(EvaluationResult result) {
        Answers given = result.given();
        Answers right = result.right();
        if (right.task() != Task.NUMBER) {
            return Optional.empty();
        }
        int n = right.size();
        double mean = IntStream.range(0, n).mapToDouble(right::number).sum() / n;
        double absolute = 0;
        double squared = 0;
        double spread = 0;
        for (int i = 0; i < n; i++) {
            double error = given.number(i) - right.number(i);
            absolute += Math.abs(error);
            squared += error * error;
            spread += Math.pow(right.number(i) - mean, 2);
        }
        return Optional.of(new NumberScores(
                absolute / n, Math.sqrt(squared / n), spread == 0 ? Double.NaN : 1 - squared / spread));
    }
}
