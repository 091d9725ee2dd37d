package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Task;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.manifest.encode.Encoding;
import dev.espalier.model.Branch;
import dev.espalier.model.Fusion;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.op.Sigmoid;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** From manifests whose rows have any number of labels, or a number, to pruned models and their report. */
@NoLeaks
class LabelsAndNumbersTest {
    private static final int TRAINING = 240;
    private static final int ROWS = 320;

    @TempDir
    Path folder;

    private Path labelled;
    private Path priced;
    private final List<Double> prices = new ArrayList<>();
    private int labels;

    /** Labels that two numbers and a word say, each in about half of the rows; prices from 900 to 2,300 that the same say. */
    @BeforeEach
    void makeManifests() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        List<String> multi = new ArrayList<>(List.of("split,label,heat,rain,words"));
        List<String> numbers = new ArrayList<>(List.of("split,label,heat,rain,words"));
        for (int i = 0; i < ROWS; i++) {
            boolean hot = random.nextBoolean();
            boolean wet = random.nextBoolean();
            boolean loud = random.nextBoolean();
            double heat = (hot ? 0.55 : 0) + 0.45 * random.nextDouble();
            double rain = (wet ? 0.55 : 0) + 0.45 * random.nextDouble();
            StringJoiner cell = new StringJoiner("|");
            List.of(hot ? "hot" : "", wet ? "wet" : "", loud ? "loud" : "").stream()
                    .filter(label -> !label.isEmpty())
                    .forEach(cell::add);
            double price = 900 + 600 * heat + 500 * rain + (loud ? 300 : 0);
            String split = i < TRAINING ? "train" : "test";
            String inputs = "," + heat + "," + rain + "," + (loud ? "drums in town" : "quiet in town");
            multi.add(split + "," + cell + inputs);
            numbers.add(split + "," + price + inputs);
            if (i >= TRAINING) {
                prices.add(price);
                labels += cell.length() == 0 ? 0 : cell.toString().split("\\|").length;
            }
        }
        labelled = manifest("labelled", multi, "multi");
        priced = manifest("priced", numbers, "number");
    }

    private Path manifest(String name, List<String> rows, String kind) throws IOException {
        Files.write(folder.resolve(name + ".csv"), rows);
        return Files.writeString(
                folder.resolve(name + ".yaml"),
                "files: " + name + ".csv\nlabel: {kind: " + kind + "}\ncolumns: {split: split, label: label,"
                        + " heat: numeric, rain: numeric, words: text}\n");
    }

    private Path train(Path data, String name, Object... more) {
        return train(15, data, name, more);
    }

    private Path train(int epochs, Path data, String name, Object... more) {
        Path made = folder.resolve(name);
        CommandRun.of(
                        List.of(
                                "train",
                                "--data",
                                data,
                                "--model",
                                "fused",
                                "--width",
                                0.25,
                                "--epochs",
                                epochs,
                                "--batch-size",
                                16,
                                "--optimizer",
                                "adamw",
                                "--lr",
                                0.01,
                                "--json",
                                "-o",
                                made),
                        more)
                .json();
        return made;
    }

    private Path pruned(Path dense, Path data) {
        Path small = folder.resolve("small.onnx");
        JsonNode facts = CommandRun.of(
                        "prune",
                        dense,
                        "--data",
                        data,
                        "--of",
                        "macs",
                        "--target",
                        0.4,
                        "--scope",
                        "local",
                        "--criterion",
                        "taylor",
                        "--finetune-epochs",
                        6,
                        "--json",
                        "-o",
                        small)
                .json();
        assertThat(facts.get("after").get("macs").asLong())
                .isLessThanOrEqualTo(facts.get("before").get("macs").asLong() * 6 / 10);
        return small;
    }

    private static JsonNode eval(Path model, Path data) {
        return CommandRun.of("eval", model, "--data", data, "--json").json();
    }

    private String page(Path... models) throws IOException {
        Path page = folder.resolve("page.html");
        List<Object> arguments = new ArrayList<>(List.of("report"));
        for (Path model : models) {
            arguments.add(model + ".run");
        }
        assertThat(CommandRun.of(arguments, "-o", page).code()).isZero();
        return Files.readString(page);
    }

    @Test
    void labelsAreLearntPrunedAndReported() throws IOException {
        Path dense = train(labelled, "dense.onnx");
        JsonNode before = eval(dense, labelled);
        double all = (double) labels / (3 * (ROWS - TRAINING));
        // Who gives all labels to everything is right about that share of them.
        double constantF1 = 2 * all / (1 + all);
        assertThat(constantF1).isLessThan(0.75);
        assertThat(before.get("labels").get("microF1").asDouble()).isGreaterThan(0.95);
        assertThat(before.get("labels").get("macroF1").asDouble()).isGreaterThan(0.95);
        assertThat(before.get("accuracy").asDouble()).isGreaterThan(0.95);
        assertThat(before.get("labels").get("exactMatch").asDouble()).isGreaterThan(0.9);
        assertThat(before.get("perClass").propertyNames()).containsExactly("hot", "loud", "wet");

        Path small = pruned(dense, labelled);
        JsonNode after = eval(small, labelled);
        assertThat(after.get("labels").get("microF1").asDouble()).isGreaterThan(0.95);
        assertThat(after.get("labels").get("perLabel").get("wet").get("recall").asDouble())
                .isGreaterThan(0.9);
        try (Model model = Onnx.read(small)) {
            assertThat(model.metadata().labels()).containsExactly("hot", "loud", "wet");
            assertThat(model.metadata().extra()).containsEntry(Task.FACT, "labels");
        }
        assertThat(page(dense, small)).contains("class hot", "micro F1", Task.LABELS.accuracy(), "without words");
        assertThat(CommandRun.of("eval", small, "--data", labelled).out())
                .contains("macro F1", "precision", "exact match", Task.LABELS.accuracy());
    }

    @Test
    void numbersAreLearntPrunedAndReportedInTheirUnits() throws IOException {
        Path dense = train(priced, "dense.onnx");
        double mean = prices.stream().mapToDouble(p -> p).average().orElseThrow();
        double spread = Math.sqrt(prices.stream()
                .mapToDouble(p -> (p - mean) * (p - mean))
                .average()
                .orElseThrow());
        assertThat(spread).isGreaterThan(200);
        JsonNode before = eval(dense, priced).get("number");
        double rms = before.get("rootMeanSquaredError").asDouble();
        assertThat(before.get("r2").asDouble())
                .isGreaterThan(0.9)
                .isCloseTo(1 - rms * rms / (spread * spread), within(1e-9));
        assertThat(before.get("meanAbsoluteError").asDouble()).isBetween(1.0, rms);

        Path small = pruned(dense, priced);
        JsonNode after = eval(small, priced);
        assertThat(after.get("number").get("r2").asDouble()).isGreaterThan(0.9);
        assertThat(after.get("perClass").isEmpty()).isTrue();
        assertThat(after.get("slices").findValuesAsString("name").get(3)).startsWith("quarter 4, to ");
        try (Model model = Onnx.read(small)) {
            Encoding encoding = Encoding.of(model.metadata()).orElseThrow();
            assertThat(encoding.scale().low()).isBetween(900.0, 1100.0);
            assertThat(encoding.scale().high()).isBetween(2100.0, 2300.0);
            assertThat(model.metadata().extra()).containsEntry(Task.FACT, "number");
        }
        assertThat(page(dense, small)).contains("quarter 1, to", "mean absolute error", Task.NUMBER.accuracy());
        assertThat(CommandRun.of("eval", small, "--data", priced).out()).contains("root mean squared error", "R²");
    }

    @Test
    void aModelFromElsewhereLearnsNumbersAndLabels() {
        for (Path data : List.of(labelled, priced)) {
            String name = String.valueOf(data.getFileName());
            Path own = folder.resolve(name + ".own.onnx");
            try (Model made = Onnx.read(train(1, data, name + ".onnx"))) {
                Onnx.write(made.withMetadata(Metadata.NONE), own);
            }
            Path tuned = folder.resolve(name + ".tuned.onnx");
            JsonNode facts = CommandRun.of(
                            "train",
                            "--data",
                            data,
                            "--model",
                            own,
                            "--epochs",
                            15,
                            "--batch-size",
                            16,
                            "--optimizer",
                            "adamw",
                            "--lr",
                            0.01,
                            "--json",
                            "-o",
                            tuned)
                    .json();
            assertThat(facts.get("figures")
                            .get(data.equals(priced) ? "R²" : "micro F1")
                            .asDouble())
                    .isGreaterThan(0.9);
        }
    }

    @Test
    void rareLabelsCountMoreAndTargetsAreBlended() {
        Path made = train(labelled, "made.onnx", "--class-weights", "balanced", "--label-smoothing", 0.1);
        assertThat(eval(made, labelled).get("labels").get("microF1").asDouble()).isGreaterThan(0.95);
        Path blended = train(priced, "blended.onnx", "--columns", "heat,rain", "--mixup", 0.2);
        // The words, which are not seen, say 150 up or down.
        assertThat(eval(blended, priced)
                        .get("number")
                        .get("rootMeanSquaredError")
                        .asDouble())
                .isLessThan(200);
    }

    @Test
    void whatDoesNotFitTheTaskIsRefusedInOneLine() throws IOException {
        Path out = folder.resolve("m.onnx");
        List<Object> numbers = List.of("train", "--data", priced, "--model", "fused", "--epochs", 1, "-o", out);
        CommandRun.of(numbers, "--class-weights", "balanced").refused("class-weights", "number");
        CommandRun.of(numbers, "--label-smoothing", 0.1).refused("label-smoothing", "number");
        CommandRun.of(numbers, "--sampling", "balanced").refused("sampling balanced", "number");
        CommandRun.of("train", "--data", labelled, "--model", "fused", "--sampling", "balanced", "-o", out)
                .refused("sampling balanced", "labels");
        Path model = train(1, labelled, "labels.onnx");
        Path shares = folder.resolve("shares.onnx");
        try (Model made = Fusion.CONCAT
                .layers(List.of(new Branch.Numbers("table", 2)), 3, 0.25)
                .op("sigmoid", new Sigmoid())
                .build(1)) {
            Onnx.write(made, shares);
        }
        CommandRun.of("eval", shares, "--data", labelled).refused("Sigmoid", "judged by logits");
        CommandRun.of("eval", model, "--data", priced).refused("kind multi", "got number");
        CommandRun.of("prune", model, "--data", priced, "--target", 0.5, "-o", out)
                .refused("multi", "number");
        CommandRun.of("train", "--model", model, "--data", priced, "-o", out).refused("multi", "number");
        Files.writeString(folder.resolve("same.csv"), "split,label,heat\ntrain,5,0.1\ntrain,5,0.7\ntest,5,0.2\n");
        Path described = Files.writeString(folder.resolve("same.yaml"), "files: same.csv\nlabel: {kind: number}\n");
        CommandRun.of("train", "--data", described, "--model", "fused", "-o", out)
                .refused("numbers that differ", "got only 5.0");
    }
}
