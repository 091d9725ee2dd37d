package dev.espalier.data;

import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * An answer for each of some samples: the right ones, or those of a model.
 *
 * @param task what sort of answers they are
 * @param outputs numbers that a model gives for a sample: one for each class or label, or one
 * @param values row by row: the index of the class; for each label 1 or 0; or the number on the scale
 * @param scale of {@link Task#NUMBER}, what numbers are to people; else {@link Scale#UNIT}
 */
@SuppressWarnings("ArrayRecordComponent")
public record Answers(Task task, int outputs, float[] values, Scale scale) {
    private static final int QUARTERS = 4;

    public Answers {
        int columns = task == Task.LABELS ? outputs : 1;
        if (outputs < 1 || values.length % columns != 0 || (task == Task.NUMBER && outputs != 1)) {
            throw new IllegalArgumentException("answers of " + task + ": " + values.length + " values do not fit "
                    + outputs + " outputs of a model");
        }
    }

    /** One class each, below {@code count}. */
    public static Answers ofClasses(int[] classes, int count) {
        float[] values = new float[classes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = classes[i];
        }
        return new Answers(Task.CLASSES, count, values, Scale.UNIT);
    }

    /** Any of {@code count} labels each, by their indices. */
    public static Answers ofLabels(List<int[]> labels, int count) {
        float[] values = new float[labels.size() * count];
        for (int i = 0; i < labels.size(); i++) {
            for (int label : labels.get(i)) {
                values[i * count + label] = 1;
            }
        }
        return new Answers(Task.LABELS, count, values, Scale.UNIT);
    }

    /** One number each, as people state it. */
    public static Answers ofNumbers(double[] numbers, Scale scale) {
        float[] values = new float[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = scale.unit(numbers[i]);
        }
        return new Answers(Task.NUMBER, 1, values, scale);
    }

    /** Values that a tensor holds for some samples: targets, or what a task decides. */
    public static Answers of(Task task, int outputs, Tensor values) {
        return new Answers(task, outputs, values.toFloatArray(), Scale.UNIT);
    }

    /** The number of samples. */
    public int size() {
        return values.length / columns();
    }

    /** Values of a sample. */
    public int columns() {
        return task == Task.LABELS ? outputs : 1;
    }

    /** The class of every sample. */
    public int[] classes() {
        if (task != Task.CLASSES) {
            throw new DataException("labels: expected one class for each sample, got " + task);
        }
        int[] classes = new int[values.length];
        Arrays.setAll(classes, i -> (int) values[i]);
        return classes;
    }

    /** Whether a sample is of a class, or has a label. */
    public boolean has(int sample, int index) {
        return task == Task.CLASSES ? values[sample] == index : values[sample * columns() + index] == 1;
    }

    /** The number of a sample, as people state it. */
    public double number(int sample) {
        return scale.number(values[sample]);
    }

    /** The answers for some of the samples. */
    public Answers rows(int[] chosen) {
        int columns = columns();
        float[] some = new float[chosen.length * columns];
        for (int i = 0; i < chosen.length; i++) {
            System.arraycopy(values, chosen[i] * columns, some, i * columns, columns);
        }
        return new Answers(task, outputs, some, scale);
    }

    /** The targets that some of the samples have, on the CPU. */
    public Tensor targets(int[] chosen) {
        float[] some = rows(chosen).values;
        if (task != Task.CLASSES) {
            return Tensor.of(some, chosen.length, columns());
        }
        long[] classes = new long[some.length];
        Arrays.setAll(classes, i -> (long) some[i]);
        return Tensor.of(classes, classes.length);
    }

    /**
     * How right the answer for a sample is, 0 to 1: whether it is the class, the share of labels rightly given or left out, or what the
     * error leaves of the scale.
     */
    public double score(int sample, Answers right) {
        int columns = columns();
        double wrong = 0;
        for (int i = sample * columns; i < (sample + 1) * columns; i++) {
            double error = Math.abs(values[i] - right.values[i]);
            // What is no number is as wrong as can be.
            wrong += error == 0 ? 0 : task == Task.CLASSES || !(error < 1) ? 1 : error;
        }
        return 1 - wrong / columns;
    }

    /** Rows within which samples are alike for drawing a share of them: those of each class, or all. */
    int[][] strata() {
        return task == Task.CLASSES
                ? HoldOut.byClass(classes(), outputs)
                : new int[][] {IntStream.range(0, size()).toArray()};
    }

    /** The samples of each class or label that some have, or the quarters of the numbers from the least on. */
    public List<Slice> slices(List<String> names) {
        if (task == Task.NUMBER) {
            return quarters();
        }
        List<Slice> slices = new ArrayList<>();
        for (int k = 0; k < outputs; k++) {
            int index = k;
            add(slices, "class " + names.get(k), sample -> has(sample, index));
        }
        return slices;
    }

    private List<Slice> quarters() {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        List<Slice> slices = new ArrayList<>();
        float below = Float.NEGATIVE_INFINITY;
        for (int k = 1; k <= QUARTERS && sorted.length > 0; k++) {
            float from = below;
            float to = sorted[(int) (((long) sorted.length * k - 1) / QUARTERS)];
            add(slices, "quarter " + k + ", to " + shown(to), sample -> values[sample] > from && values[sample] <= to);
            below = to;
        }
        return slices;
    }

    private void add(List<Slice> slices, String name, IntPredicate within) {
        int[] rows = IntStream.range(0, size()).filter(within).toArray();
        if (rows.length > 0) {
            slices.add(new Slice(name, rows));
        }
    }

    private String shown(float value) {
        return String.format(Locale.ROOT, "%.4g", scale.number(value));
    }

    /** The answer for a sample, as people read it. */
    public String text(int sample, List<String> names) {
        if (task == Task.NUMBER) {
            return shown(values[sample]);
        }
        StringJoiner text = new StringJoiner(", ").setEmptyValue("none");
        IntStream.range(0, outputs).filter(k -> has(sample, k)).forEach(k -> text.add(names.get(k)));
        return text.toString();
    }
}
