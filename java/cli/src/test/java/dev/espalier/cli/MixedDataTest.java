package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.onnx.Onnx;
import dev.espalier.manifest.encode.Encoding;
import dev.espalier.manifest.encode.NumberColumn;
import dev.espalier.manifest.encode.TableEncoder;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.runtime.testing.NoLeaks;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** From a manifest to a pruned model with one command each. */
@NoLeaks
class MixedDataTest {
    @TempDir
    Path folder;

    private Path manifest;

    /** Pictures that are dark or bright, words, and numbers; every fourth row lacks its picture, every fifth its words. */
    @BeforeEach
    void makeManifest() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        List<String> rows = new ArrayList<>(List.of("id,split,label,photo,words,noise,size,group"));
        for (int i = 0; i < 160; i++) {
            boolean day = i % 2 == 0;
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
            for (int p = 0; p < 64; p++) {
                image.getRaster().setSample(p % 8, p / 8, 0, (day ? 140 : 40) + random.nextInt(60));
            }
            ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
            rows.add(i + "," + (i < 120 ? "train" : "test") + "," + (day ? "day" : "night") + ","
                    + (i % 4 == 3 ? "" : i + ".png") + ","
                    + (i % 5 == 4 ? "" : (day ? "the sun is out on hill " : "the moon is out on hill ") + i) + ","
                    + random.nextDouble() + "," + (day ? 3 : 1) * random.nextDouble() + ","
                    + (i % 3 == 0 ? "north" : "south"));
        }
        manifest = Files.write(folder.resolve("manifest.csv"), rows);
    }

    private Path train(String name, Object... more) {
        Path made = folder.resolve(name);
        CommandRun.of(
                        List.of(
                                "train",
                                "--data",
                                manifest,
                                "--width",
                                0.25,
                                "--epochs",
                                8,
                                "--batch-size",
                                16,
                                "--optimizer",
                                "adamw",
                                "--lr",
                                0.01,
                                "--modality-dropout",
                                0.2,
                                "--json",
                                "-o",
                                made),
                        more)
                .json();
        return made;
    }

    @Test
    void oneModelOfAllColumnsIsTrainedPrunedAndReportedSliceBySlice() throws IOException {
        Path dense = train("dense.onnx", "--model", "fused");
        JsonNode eval =
                CommandRun.of("eval", dense, "--data", manifest, "--json").json();
        assertThat(eval.get("accuracy").asDouble()).isGreaterThan(0.9);
        assertThat(eval.get("slices").findValuesAsString("name"))
                .contains("group north", "missing photo", "missing words", "only photo", "only words", "without table");

        Path small = folder.resolve("small.onnx");
        CommandRun pruned = CommandRun.of(
                "prune",
                dense,
                "--data",
                manifest,
                "--of",
                "macs",
                "--target",
                0.5,
                "--scope",
                "local",
                "--finetune-epochs",
                2,
                "--max-slice-drop",
                100,
                "--slice-samples",
                1,
                "--json",
                "-o",
                small);
        JsonNode sizes = pruned.json();
        assertThat(sizes.get("after").get("macs").asLong())
                .isLessThanOrEqualTo(sizes.get("before").get("macs").asLong() / 2);
        try (Model model = Onnx.read(small)) {
            assertThat(Encoding.of(model.metadata()).orElseThrow().classes()).containsExactly("day", "night");
        }
        Path page = folder.resolve("page.html");
        assertThat(CommandRun.of("report", dense + ".run", small + ".run", "-o", page)
                        .code())
                .isZero();
        assertThat(Files.readString(page)).contains("only photo", "group north", "class day");
    }

    @Test
    void someColumnsOnlyAndTheGatedSum() {
        Path gated = train("gated.onnx", "--model", "fusedGated", "--columns", "words,size");
        JsonNode eval =
                CommandRun.of("eval", gated, "--data", manifest, "--json").json();
        assertThat(eval.get("slices").findValuesAsString("name"))
                .contains("only words")
                .doesNotContain("only photo");
    }

    /** The picture says all, the number nothing: hiding the one must cost what hiding the other does not. */
    @Test
    void whatIsHiddenIsWhatTheSliceSays() {
        Path made = train("hidden.onnx", "--model", "fused", "--columns", "photo,noise");
        Map<String, Double> accuracy = new HashMap<>();
        CommandRun.of("eval", made, "--data", manifest, "--json")
                .json()
                .get("slices")
                .forEach(slice -> accuracy.put(
                        slice.get("name").asString(), slice.get("accuracy").asDouble()));
        assertThat(accuracy.get("only photo")).isGreaterThan(0.95);
        assertThat(accuracy.get("without photo")).isLessThan(0.8);
        assertThat(accuracy.get("only table")).isEqualTo(accuracy.get("without photo"));
    }

    @Test
    void aModelFromElsewhereIsFedByTheNamesOfItsInputs() {
        Path own = folder.resolve("own.onnx");
        try (Model made = Onnx.read(train("dense.onnx", "--model", "fused"))) {
            Onnx.write(made.withMetadata(Metadata.NONE), own);
        }
        Path tuned = folder.resolve("tuned.onnx");
        JsonNode facts = CommandRun.of(
                        "train",
                        "--data",
                        manifest,
                        "--model",
                        own,
                        "--epochs",
                        1,
                        "--lr",
                        0.001,
                        "--json",
                        "-o",
                        tuned)
                .json();
        assertThat(facts.get("accuracy").asDouble()).isGreaterThan(0.9);
        CommandRun.of("train", "--data", manifest, "--columns", "photo", "--model", own, "-o", folder.resolve("m.onnx"))
                .refused("input 'words'", "setting 'input'");
    }

    @Test
    void aModelThatLostAColumnIsFedWithoutIt() throws IOException {
        Path dense = train("dense.onnx", "--model", "fused", "--columns", "photo,size,noise");
        Path keep = Files.writeString(
                folder.resolve("keep.json"), "{\"table\": {\"1\": [1]}, \"table_present\": {\"1\": [1]}}");
        Path left = folder.resolve("left.onnx");
        CommandRun.of("prune", dense, "--keep", keep, "--json", "-o", left).json();
        JsonNode eval =
                CommandRun.of("eval", left, "--data", manifest, "--json").json();
        assertThat(eval.get("accuracy").asDouble()).isGreaterThan(0.9);
        Path tuned = folder.resolve("tuned.onnx");
        CommandRun.of("train", "--data", manifest, "--model", left, "--epochs", 1, "--lr", 0.001, "--json", "-o", tuned)
                .json();
        try (Model model = Onnx.read(tuned)) {
            TableEncoder table = (TableEncoder)
                    Encoding.of(model.metadata()).orElseThrow().encoders().get(1);
            assertThat(table.numbers()).extracting(NumberColumn::name).containsExactly("size");
        }
        assertThat(CommandRun.of("eval", tuned, "--data", manifest).code()).isZero();
    }

    @Test
    void whatASliceWouldLoseStopsPruning() {
        Path dense = train("dense.onnx", "--model", "fused");
        CommandRun stopped = CommandRun.of(
                "prune",
                dense,
                "--data",
                manifest,
                "--target",
                0.7,
                "--scope",
                "local",
                "--criterion",
                "random",
                "--max-slice-drop",
                1,
                "--slice-samples",
                3,
                "--slice-retries",
                0,
                "-o",
                folder.resolve("no.onnx"));
        assertThat(stopped.code()).isNotZero();
        assertThat(stopped.err()).contains("lost more than 1.0 points");
        assertThat(folder.resolve("no.onnx")).doesNotExist();
    }

    @Test
    void whatDoesNotFitIsRefusedInOneLine() throws IOException {
        CommandRun.of(
                        "train",
                        "--data",
                        manifest,
                        "--model",
                        "fused",
                        "--columns",
                        "smell",
                        "-o",
                        folder.resolve("m.onnx"))
                .refused("column 'smell'", "photo");
        CommandRun.of("train", "--data", manifest, "--model", "resnet20", "-o", folder.resolve("m.onnx"))
                .refused("labelled images alone", "photo");
        Path described = Files.writeString(folder.resolve("d.yaml"), "files: manifest.csv\ncolour: red\n");
        CommandRun.of("train", "--data", described, "--model", "fused", "-o", folder.resolve("m.onnx"))
                .refused("colour", "columns");
        CommandRun.of("prune", "x.onnx", "--max-slice-drop", 2, "--target", 0.5, "-o", folder.resolve("m.onnx"))
                .refused("--data");
    }
}
