package dev.espalier.cli;

import dev.espalier.train.EvaluationResult;
import dev.espalier.train.LabelScores;
import dev.espalier.train.NumberScores;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is told of a result of labels or numbers beside loss and accuracy, by name. */
final class Figures {
    private Figures() {}

    static Map<String, Double> of(EvaluationResult result, List<String> labels) {
        Map<String, Double> figures = new LinkedHashMap<>();
        LabelScores.of(result, labels).ifPresent(scores -> {
            figures.put("exact match", scores.exactMatch());
            figures.put("micro F1", scores.microF1());
            figures.put("macro F1", scores.macroF1());
        });
        NumberScores.of(result).ifPresent(scores -> {
            figures.put("mean absolute error", scores.meanAbsoluteError());
            figures.put("root mean squared error", scores.rootMeanSquaredError());
            figures.put("R²", scores.r2());
        });
        return figures;
    }
}
