package dev.espalier.train;

import dev.espalier.data.Answers;
import dev.espalier.data.Task;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What a model does on a whole split.
 *
 * @param loss the mean loss of its task per sample
 * @param given its answers
 * @param right what they should be
 */
public record EvaluationResult(double loss, Answers given, Answers right) {
    /** A number is newly wrong where its error grew by more than this share of the scale. */
    private static final double WORSE = 0.05;

    public EvaluationResult {
        if (given.size() != right.size() || given.task() != right.task() || given.outputs() != right.outputs()) {
            throw new IllegalArgumentException("answers and right answers differ in form: " + given.size() + " of "
                    + given.task() + " and " + right.size() + " of " + right.task());
        }
    }

    public int samples() {
        return right.size();
    }

    /** The mean score of the answers, 0 to 1: of classes, the share of samples classified rightly. */
    public double accuracy() {
        return samples() == 0 ? 0 : accuracy(IntStream.range(0, samples()).toArray());
    }

    /** The mean score of some samples, at least one. */
    public double accuracy(int[] samples) {
        double sum = 0;
        for (int sample : samples) {
            sum += given.score(sample, right);
        }
        return sum / samples.length;
    }

    /** The mean score of the samples of each class or label, NaN for one without samples; none of numbers. */
    public double[] perClassAccuracy() {
        double[] accuracy = new double[right.task() == Task.NUMBER ? 0 : right.outputs()];
        Arrays.setAll(
                accuracy,
                k -> accuracy(IntStream.range(0, samples())
                        .filter(i -> right.has(i, k))
                        .toArray()));
        return accuracy;
    }

    /**
     * The samples that {@code before} answered wholly rightly and this result does not, or whose number is further off by more than 1/20
     * of the scale; what lost most comes first.
     */
    public int[] newlyWrong(EvaluationResult before) {
        if (!Arrays.equals(before.right.values(), right.values())) {
            throw new IllegalArgumentException("the two results are of different samples");
        }
        double[] lost = new double[samples()];
        for (int i = 0; i < lost.length; i++) {
            double was = before.given.score(i, right);
            double drop = was - given.score(i, right);
            lost[i] = right.task() == Task.NUMBER ? drop - WORSE : was == 1 ? drop : 0;
        }
        return IntStream.range(0, lost.length)
                .filter(i -> lost[i] > 0)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -lost[i]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%d samples, loss %.4f, accuracy %.2f %%", samples(), loss, 100 * accuracy());
    }
}
