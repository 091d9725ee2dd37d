package dev.espalier.report;

import static java.util.Objects.requireNonNull;

import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The facts of one or more runs, as the report shows them.
 *
 * @param title what the page is called
 * @param facts what was run, where and when, in the order to show
 * @param models the dense model first, then what was made of it
 * @param curves loss and accuracy over epochs
 * @param layers channels per layer before and after
 * @param slices accuracy of named parts of the samples before and after
 * @param steps how slices of the validation samples fared from step to step, beginning before pruning
 * @param newlyWrong samples that the dense model got right and the pruned one gets wrong
 */
public record RunReport(
        String title,
        Map<String, String> facts,
        List<ModelFacts> models,
        List<Curve> curves,
        List<LayerChannels> layers,
        List<SliceAccuracy> slices,
        List<Step> steps,
        List<NewlyWrong> newlyWrong) {

    /** Copies the lists; the facts keep their order. */
    public RunReport {
        Map<String, String> ordered = new LinkedHashMap<>();
        facts.forEach((name, value) -> ordered.put(requireNonNull(name), requireNonNull(value, name)));
        facts = Collections.unmodifiableMap(ordered);
        models = List.copyOf(models);
        curves = List.copyOf(curves);
        layers = List.copyOf(layers);
        slices = List.copyOf(slices);
        steps = List.copyOf(steps);
        newlyWrong = List.copyOf(newlyWrong);
    }

    /**
     * One model in numbers; a figure that was not measured is NaN.
     *
     * @param macs per sample
     * @param sparsity share of zeros among all parameters, 0 to 1
     * @param accuracy 0 to 1
     * @param latencyMillis median of one batch of one sample
     */
    public record ModelFacts(
            String name, long parameters, long macs, double sparsity, double accuracy, double latencyMillis) {
        /** Refuses figures that no model has. */
        public ModelFacts {
            if (parameters < 0 || macs < 0 || latencyMillis < 0 || Double.isInfinite(latencyMillis)) {
                throw new IllegalArgumentException("model '" + name + "' has " + parameters + " parameters, " + macs
                        + " MACs and a latency of " + latencyMillis + " ms; none may be below zero or infinite");
            }
            requireShare("sparsity of model '" + name + "'", sparsity);
            requireShare("accuracy of model '" + name + "'", accuracy);
        }
    }

    /**
     * One row of numbers over epochs.
     *
     * @param quantity what is drawn on one chart together, such as "loss" or "accuracy"
     * @param name the legend
     */
    public record Curve(String quantity, String name, List<Double> perEpoch) {
        /** Copies the numbers. */
        public Curve {
            perEpoch = List.copyOf(perEpoch);
        }
    }

    /** Output channels of one layer. */
    public record LayerChannels(String layer, int before, int after) {
        /** Refuses fewer than no channels. */
        public LayerChannels {
            if (before < 0 || after < 0) {
                throw new IllegalArgumentException("layer '" + layer + "' goes from " + before + " to " + after
                        + " channels; neither may be below zero");
            }
        }
    }

    /**
     * Accuracy, 0 to 1, of some samples.
     *
     * @param name such as "class cat" or "missing text"
     * @param samples how many they are
     */
    public record SliceAccuracy(String name, int samples, double before, double after) {
        /** Refuses what is no share. */
        public SliceAccuracy {
            requireShare("accuracy of slice '" + name + "'", before);
            requireShare("accuracy of slice '" + name + "'", after);
        }
    }

    /**
     * What was done, and the accuracy, 0 to 1, of each slice after it.
     *
     * @param accuracies by the name of the slice, in the order to show
     */
    public record Step(String name, Map<String, Double> accuracies) {
        /** Refuses what is no share. */
        public Step {
            accuracies = Collections.unmodifiableMap(new LinkedHashMap<>(accuracies));
            accuracies.forEach((slice, accuracy) ->
                    requireShare("accuracy of slice '" + slice + "' after step '" + name + "'", accuracy));
        }
    }

    /**
     * One sample that pruning lost.
     *
     * @param exhibits its parts as people see them
     */
    public record NewlyWrong(String sample, String label, String predicted, List<Exhibit> exhibits) {
        /** Copies the parts. */
        public NewlyWrong {
            exhibits = List.copyOf(exhibits);
        }
    }

    /**
     * A part of a sample.
     *
     * @param kind what the content is
     * @param content a PNG or WAV file in base64, or the text itself
     */
    public record Exhibit(Kind kind, String content) {
        /** What is shown. */
        public enum Kind {
            PICTURE,
            SOUND,
            TEXT
        }

        /** Refuses a file that is not base64; a page holds it as it is. */
        public Exhibit {
            if (kind != Kind.TEXT) {
                try {
                    Base64.getDecoder().decode(content);
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("a " + kind + " of a sample is not base64", e);
                }
            }
        }
    }

    private static void requireShare(String what, double value) {
        if (value < 0 || value > 1) {
            throw new IllegalArgumentException(what + " must be 0 to 1, got " + value);
        }
    }
}
