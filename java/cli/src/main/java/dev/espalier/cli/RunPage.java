package dev.espalier.cli;

import dev.espalier.data.Source;
import dev.espalier.data.Task;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.MatMul;
import dev.espalier.op.Recurrence;
import dev.espalier.op.TensorType;
import dev.espalier.pipeline.Measured;
import dev.espalier.pipeline.RunOutcome;
import dev.espalier.pipeline.SliceStep;
import dev.espalier.report.RunReport;
import dev.espalier.report.RunReport.Curve;
import dev.espalier.report.RunReport.Exhibit;
import dev.espalier.report.RunReport.LayerChannels;
import dev.espalier.report.RunReport.ModelFacts;
import dev.espalier.report.RunReport.NewlyWrong;
import dev.espalier.report.RunReport.SliceAccuracy;
import dev.espalier.report.RunReport.Step;
import dev.espalier.train.EpochReport;
import dev.espalier.train.History;
import dev.espalier.train.SliceScore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.ToDoubleFunction;

/** The report of a model and of what was made of it; the first such model is compared slice by slice. */
final class RunPage {
    private static final int MOST_PICTURES = 48;

    private final List<Made> models;
    private final Source measuredOn;
    private final List<Step> steps;

    /**
     * @param models the dense one first
     * @param measuredOn the split that all were measured on
     * @param steps of the run that made the second
     */
    RunPage(List<Made> models, Source measuredOn, List<SliceStep> steps) {
        this.models = List.copyOf(models);
        this.measuredOn = measuredOn;
        this.steps = steps.stream().map(RunPage::shown).toList();
    }

    /**
     * One model with how it was made.
     *
     * @param history empty if it was not trained
     * @param latencyMillis for one sample
     */
    record Made(String name, Graph graph, Measured measured, List<History.Entry> history, double latencyMillis) {
        static Made of(String name, RunOutcome outcome, double latencyMillis) {
            return new Made(name, outcome.model().graph(), outcome.after(), outcome.history(), latencyMillis);
        }

        ModelFacts facts() {
            return new ModelFacts(
                    name,
                    measured.size().parameters(),
                    measured.size().macs(),
                    measured.size().sparsity(),
                    measured.evaluation().accuracy(),
                    latencyMillis);
        }
    }

    RunReport report(String title, Map<String, String> facts) {
        Map<String, String> all = new LinkedHashMap<>(facts);
        figures(all);
        if (models.size() == 1) {
            return new RunReport(title, all, models(), curves(), List.of(), List.of(), List.of(), List.of());
        }
        Made before = models.get(0);
        Made after = models.get(1);
        int[] wrong = after.measured().evaluation().newlyWrong(before.measured().evaluation());
        all.put("samples newly wrong", wrong.length + " of " + measuredOn.size());
        return new RunReport(
                title,
                all,
                models(),
                curves(),
                layers(before.graph(), after.graph()),
                slices(before.measured(), after.measured()),
                steps,
                newlyWrong(after.measured(), wrong));
    }

    /** Adds what accuracy means and what else there is to tell, where the task is not classes. */
    private void figures(Map<String, String> facts) {
        Task task = measuredOn.answers().task();
        if (task != Task.CLASSES) {
            facts.put("accuracy", task.accuracy());
        }
        Map<String, StringJoiner> figures = new LinkedHashMap<>();
        models.forEach(model -> Figures.of(model.measured().evaluation(), measuredOn.classes())
                .forEach((name, value) -> figures.computeIfAbsent(name, n -> new StringJoiner(" → "))
                        .add(String.format(Locale.ROOT, "%.4g", value))));
        figures.forEach((name, values) -> facts.put(name, values.toString()));
    }

    /** The dense model first. */
    List<ModelFacts> models() {
        return models.stream().map(Made::facts).toList();
    }

    private List<Curve> curves() {
        List<Made> trained =
                models.stream().filter(model -> !model.history().isEmpty()).toList();
        List<Curve> curves = new ArrayList<>();
        for (Made model : trained) {
            curves.addAll(curves(trained.size() == 1 ? "" : model.name() + ", ", model.history()));
        }
        return curves;
    }

    private static List<Curve> curves(String prefix, List<History.Entry> history) {
        List<EpochReport> epochs = history.stream().map(History.Entry::report).toList();
        boolean validated = epochs.stream().allMatch(epoch -> epoch.validation() != null);
        List<Curve> curves = new ArrayList<>();
        curves.add(curve(
                "loss", prefix + "training", epochs, epoch -> epoch.training().loss()));
        curves.add(curve(
                "accuracy",
                prefix + "training",
                epochs,
                epoch -> epoch.training().accuracy()));
        if (validated) {
            curves.add(curve(
                    "loss", prefix + "validation", epochs, epoch -> held(epoch).loss()));
            curves.add(curve(
                    "accuracy",
                    prefix + "validation",
                    epochs,
                    epoch -> held(epoch).accuracy()));
        }
        if (epochs.stream().noneMatch(epoch -> Double.isNaN(held(epoch).hidden()))) {
            curves.add(curve(
                    "accuracy",
                    prefix + "validation, modalities hidden",
                    epochs,
                    epoch -> held(epoch).hidden()));
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

    /** A layer that is gone has no channels left. */
    private static List<LayerChannels> layers(Graph before, Graph after) {
        List<LayerChannels> layers = new ArrayList<>();
        for (Node node : before.nodes()) {
            if (!node.op().weightInputs().isEmpty()) {
                int left = after.producer(node.outputs().get(0))
                        .map(kept -> channels(after, kept))
                        .orElse(0);
                layers.add(new LayerChannels(node.name(), channels(before, node), left));
            }
        }
        return layers;
    }

    /** Matrix products and recurrent layers have their channels last, every other operator with weights has them behind the batch. */
    private static int channels(Graph graph, Node node) {
        TensorType output = graph.type(node.outputs().get(0));
        boolean last = node.op() instanceof MatMul || node.op() instanceof Recurrence;
        int axis = last ? output.rank() - 1 : 1;
        return Math.toIntExact(output.dim(axis));
    }

    /** The slices of both, which are of the same samples. */
    private static List<SliceAccuracy> slices(Measured before, Measured after) {
        Map<String, SliceScore> was = new LinkedHashMap<>();
        before.slices().forEach(slice -> was.put(slice.name(), slice));
        List<SliceAccuracy> slices = new ArrayList<>();
        for (SliceScore is : after.slices()) {
            SliceScore then = was.get(is.name());
            if (then != null) {
                slices.add(new SliceAccuracy(is.name(), is.samples(), then.accuracy(), is.accuracy()));
            }
        }
        return slices;
    }

    private static Step shown(SliceStep step) {
        Map<String, Double> accuracies = new LinkedHashMap<>();
        step.slices().forEach(slice -> accuracies.put(slice.name(), slice.accuracy()));
        return new Step(step.name(), accuracies);
    }

    private static Exhibit shown(dev.espalier.data.Exhibit part) {
        return new Exhibit(Exhibit.Kind.valueOf(part.kind().name()), part.content());
    }

    private List<NewlyWrong> newlyWrong(Measured after, int[] wrong) {
        return Arrays.stream(wrong)
                .limit(MOST_PICTURES)
                .mapToObj(index -> new NewlyWrong(
                        measuredOn.name(index),
                        after.evaluation().right().text(index, measuredOn.classes()),
                        after.evaluation().given().text(index, measuredOn.classes()),
                        measuredOn.exhibits(index).stream().map(RunPage::shown).toList()))
                .toList();
    }
}
