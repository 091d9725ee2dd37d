package dev.espalier.cli;

import dev.espalier.data.ImageSource;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.pipeline.Measured;
import dev.espalier.pipeline.RunOutcome;
import dev.espalier.report.RunReport;
import dev.espalier.report.RunReport.ClassAccuracy;
import dev.espalier.report.RunReport.Curve;
import dev.espalier.report.RunReport.LayerChannels;
import dev.espalier.report.RunReport.ModelFacts;
import dev.espalier.report.RunReport.NewlyWrong;
import dev.espalier.train.EpochReport;
import dev.espalier.train.History;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The report of one dense model and of what was made of it; the first pruned one is compared class by class. */
final class RunPage {
    private static final int MOST_PICTURES = 24;

    private final RunOutcome dense;
    private final Map<String, RunOutcome> pruned;
    private final ImageSource measuredOn;
    private final List<Double> latencies;

    /** {@code latencies} are milliseconds for one sample, of the dense model first. */
    RunPage(RunOutcome dense, Map<String, RunOutcome> pruned, ImageSource measuredOn, List<Double> latencies) {
        this.dense = dense;
        this.pruned = new LinkedHashMap<>(pruned);
        this.measuredOn = measuredOn;
        this.latencies = List.copyOf(latencies);
    }

    RunReport report(String title, Map<String, String> facts) {
        RunOutcome first = pruned.values().iterator().next();
        return new RunReport(
                title,
                facts,
                models(),
                curves(),
                layers(dense.model(), first.model()),
                classes(first.after()),
                newlyWrong(first.after()));
    }

    /** The dense model first. */
    List<ModelFacts> models() {
        List<ModelFacts> models = new ArrayList<>();
        models.add(facts("dense", dense.after(), latencies.get(0)));
        pruned.forEach((name, outcome) -> models.add(facts(name, outcome.after(), latencies.get(models.size()))));
        return models;
    }

    private static ModelFacts facts(String name, Measured measured, double latency) {
        return new ModelFacts(
                name,
                measured.size().parameters(),
                measured.size().macs(),
                measured.size().sparsity(),
                measured.evaluation().accuracy(),
                latency);
    }

    private List<Curve> curves() {
        List<Curve> curves = new ArrayList<>(curves("dense", dense.history()));
        pruned.forEach((name, outcome) -> curves.addAll(curves(name, outcome.history())));
        return curves;
    }

    private static List<Curve> curves(String name, List<History.Entry> history) {
        List<EpochReport> epochs = history.stream().map(History.Entry::report).toList();
        boolean validated = epochs.stream().allMatch(epoch -> epoch.validation() != null);
        List<Curve> curves = new ArrayList<>();
        curves.add(curve(
                "loss", name + ", training", epochs, epoch -> epoch.training().loss()));
        curves.add(curve(
                "accuracy",
                name + ", training",
                epochs,
                epoch -> epoch.training().accuracy()));
        if (validated) {
            curves.add(curve(
                    "loss", name + ", validation", epochs, epoch -> held(epoch).loss()));
            curves.add(curve(
                    "accuracy",
                    name + ", validation",
                    epochs,
                    epoch -> held(epoch).accuracy()));
        }
        return curves;
    }

    private static EpochReport.Scores held(EpochReport epoch) {
        EpochReport.Scores scores = epoch.validation();
        return scores == null ? epoch.training() : scores;
    }

    private static Curve curve(
            String quantity, String name, List<EpochReport> epochs, ToDoubleFunction<EpochReport> value) {
        return new Curve(
                quantity, name, epochs.stream().map(value::applyAsDouble).toList());
    }

    private static List<LayerChannels> layers(Model before, Model after) {
        List<LayerChannels> layers = new ArrayList<>();
        for (Node node : before.graph().nodes()) {
            if (!node.op().weightInputs().isEmpty()) {
                layers.add(
                        new LayerChannels(node.name(), channels(before.graph(), node), channels(after.graph(), node)));
            }
        }
        return layers;
    }

    private static int channels(Graph graph, Node node) {
        return Math.toIntExact(graph.type(node.outputs().get(0)).dim(1));
    }

    private List<ClassAccuracy> classes(Measured after) {
        double[] was = dense.after().evaluation().perClassAccuracy();
        double[] is = after.evaluation().perClassAccuracy();
        List<ClassAccuracy> classes = new ArrayList<>();
        for (int i = 0; i < was.length; i++) {
            classes.add(new ClassAccuracy(measuredOn.classes().get(i), was[i], is[i]));
        }
        return classes;
    }

    private List<NewlyWrong> newlyWrong(Measured after) {
        int[] predictions = after.evaluation().predictions();
        int[] labels = after.evaluation().labels();
        List<NewlyWrong> wrong = new ArrayList<>();
        for (int index : after.evaluation().newlyWrong(dense.after().evaluation())) {
            String png = wrong.size() < MOST_PICTURES ? Pictures.png(measuredOn, index) : "";
            wrong.add(new NewlyWrong(
                    measuredOn.name(index),
                    measuredOn.classes().get(labels[index]),
                    measuredOn.classes().get(predictions[index]),
                    png));
        }
        return wrong;
    }
}
