package dev.espalier.report;

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
 * @param classes accuracy per class before and after
 * @param newlyWrong samples that the dense model got right and the pruned one gets wrong
 */
public record RunReport(
        String title,
        Map<String, String> facts,
        List<ModelFacts> models,
        List<Curve> curves,
        List<LayerChannels> layers,
        List<ClassAccuracy> classes,
        List<NewlyWrong> newlyWrong) {

    /** Copies the lists; the facts keep their order. */
    public RunReport {
        facts = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(facts));
        models = List.copyOf(models);
        curves = List.copyOf(curves);
        layers = List.copyOf(layers);
        classes = List.copyOf(classes);
        newlyWrong = List.copyOf(newlyWrong);
    }

    /**
     * One model in numbers; a figure that was not measured is NaN.
     *
     * @param macs per sample
     * @param sparsity share of zeros among prunable weights, 0 to 1
     * @param accuracy 0 to 1
     * @param latencyMillis median of one batch of one sample
     */
    public record ModelFacts(
            String name, long parameters, long macs, double sparsity, double accuracy, double latencyMillis) {}

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
    public record LayerChannels(String layer, int before, int after) {}

    /** Accuracy, 0 to 1, of one class. */
    public record ClassAccuracy(String label, double before, double after) {}

    /**
     * One sample that pruning lost.
     *
     * @param png the picture as a PNG file in base64, or empty
     */
    public record NewlyWrong(String sample, String label, String predicted, String png) {}
}
