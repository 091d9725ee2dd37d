package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.Locale;

/** What a model answers for a sample: what its outputs [n, outputs] mean, and how they are compared with targets. */
public enum Task {
    /** One of several classes: outputs are scores, the greatest wins; targets are I64 [n]. */
    CLASSES("the share of the samples classified rightly") {
        @Override
        public Tensor decide(Tensor outputs) {
            return outputs.argmax(1);
        }

        @Override
        public Tensor losses(Tensor outputs, Tensor targets, double smoothing) {
            return Nn.crossEntropies(outputs, targets, smoothing);
        }

        @Override
        public Tensor loss(Tensor outputs, Tensor targets, double smoothing) {
            return Nn.crossEntropy(outputs, targets, smoothing);
        }

        @Override
        public Tensor divergence(Tensor outputs, Tensor teacher, double temperature) {
            Tensor logOf = teacher.div(temperature).logSoftmax(1);
            return logOf.exp()
                    .mul(logOf.sub(outputs.div(temperature).logSoftmax(1)))
                    .sum()
                    .mul(temperature * temperature / outputs.size(0));
        }
    },

    /** Any number of labels: an output is the logit of one, which is given above 0; targets are F32 [n, labels] of 0 and 1. */
    LABELS("the share of the labels that are rightly given or left out") {
        @Override
        public Tensor decide(Tensor outputs) {
            return outputs.gt(0).to(DType.F32);
        }

        /** Smoothing moves a target towards 1/2 by its share. */
        @Override
        public Tensor losses(Tensor outputs, Tensor targets, double smoothing) {
            Tensor smooth =
                    smoothing == 0 ? targets : targets.mul(1 - smoothing).add(smoothing / 2);
            return Nn.binaryCrossEntropies(outputs, smooth);
        }

        @Override
        public Tensor divergence(Tensor outputs, Tensor teacher, double temperature) {
            Tensor soft = teacher.div(temperature);
            Tensor shares = Nn.sigmoid(soft);
            return Nn.binaryCrossEntropies(outputs.div(temperature), shares)
                    .sub(Nn.binaryCrossEntropies(soft, shares))
                    .mean()
                    .mul(temperature * temperature);
        }
    },

    /** A number: the one output is it, on the {@link Scale} on which the numbers learnt from are 0..1; targets are F32 [n, 1]. */
    NUMBER("1 less the mean error as a share of the range of the numbers learnt from") {
        @Override
        public Tensor decide(Tensor outputs) {
            return outputs.clamp(0, 1);
        }

        @Override
        public Tensor losses(Tensor outputs, Tensor targets, double smoothing) {
            Tensor error = outputs.sub(targets);
            return error.mul(error);
        }

        @Override
        public Tensor divergence(Tensor outputs, Tensor teacher, double temperature) {
            return loss(outputs, teacher, 0);
        }
    };

    /** The fact of a model's metadata that names its task. */
    public static final String FACT = "espalier.task";

    private final String accuracy;

    Task(String accuracy) {
        this.accuracy = accuracy;
    }

    /** What accuracy means, in words: the mean of {@link Answers#score}. */
    public String accuracy() {
        return accuracy;
    }

    /** The answers that outputs amount to, in the form of targets. */
    public abstract Tensor decide(Tensor outputs);

    /**
     * Cross-entropy [n] of classes, binary cross-entropy [n, labels] of labels, squared error [n, 1] of numbers.
     *
     * @param smoothing in [0, 1]: the share of the target that is spread over what could be; nothing to numbers
     */
    public abstract Tensor losses(Tensor outputs, Tensor targets, double smoothing);

    /** The mean of {@link #losses}, as a scalar. */
    public Tensor loss(Tensor outputs, Tensor targets, double smoothing) {
        return losses(outputs, targets, smoothing).mean();
    }

    /**
     * How far outputs are from those of a teacher, as a scalar: the divergence KL(teacher || outputs) of what both say of classes or of
     * each label, softened by the temperature and times its square; the mean squared difference of numbers.
     */
    public abstract Tensor divergence(Tensor outputs, Tensor teacher, double temperature);

    /** The name in files and messages, such as {@code classes}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The task of this name. */
    public static Task named(String name) {
        return Arrays.stream(values())
                .filter(task -> task.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new DataException(
                        FACT + ": expected one of " + Arrays.toString(values()) + ", got '" + name + "'"));
    }
}
