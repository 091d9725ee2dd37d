package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@NoLeaks
class TrainAndPruneTest {
    @TempDir
    Path folder;

    private Path data = Path.of("");
    private Path model = Path.of("");
    private Path out = Path.of("");

    @BeforeEach
    void prepare() {
        data = folder.resolve("data");
        model = folder.resolve("m.onnx");
        out = folder.resolve("out.onnx");
        new SyntheticImages(16, 4, 2, 1).write(data);
        try (Model made = Models.create("resnet20", Shape.of(3, 16, 16), 8, 0.5, 1)) {
            Onnx.write(made, model);
        }
    }

    private CommandRun train(Object... more) {
        return CommandRun.of(
                List.of("train", "--data", data, "--cache", folder.resolve("cache"), "--device", "cpu", "-o", out),
                more);
    }

    private CommandRun prune(Object... more) {
        return CommandRun.of(List.of("prune", model, "-o", out, "--device", "cpu"), more);
    }

    @Test
    void trainsEvaluatesAndRefusesToForgetAnEarlierRun() throws IOException {
        Path recipe = Files.writeString(folder.resolve("r.yaml"), "epochs: 3\nbatch_size: 8\nnesterov: false\n");
        JsonNode facts = train("--model", "kerasCnn", "--width", 0.25, "--recipe", recipe, "--epochs", 2, "--json")
                .json();
        assertThat(facts.get("epochs").asInt()).isEqualTo(2);
        Path run = Path.of(facts.get("runDir").asString());
        assertThat(run.resolve("metrics.csv")).exists();
        assertThat(run.resolve("checkpoints")).isNotEmptyDirectory();
        try (Model last = Onnx.read(run.resolve("last.onnx"))) {
            assertThat(last.metadata().labels()).isEqualTo(SyntheticImages.CLASSES);
            assertThat(last.metadata().provenance().facts())
                    .containsEntry("weights", "of the last epoch")
                    .containsEntry("data.held-out", "0.1");
        }
        JsonNode eval = CommandRun.of("eval", out, "--data", data, "--cache", folder.resolve("cache"), "--json")
                .json();
        assertThat(eval.get("samples").asInt()).isEqualTo(16);
        assertThat(eval.get("accuracy").asDouble())
                .isEqualTo(facts.get("accuracy").asDouble());
        assertThat(eval.get("perClass").size()).isEqualTo(8);
        train("--model", "kerasCnn").refused("--resume").inOneLine();
        try (Model trained = Onnx.read(out)) {
            assertThat(trained.metadata().labels()).isEqualTo(SyntheticImages.CLASSES);
            assertThat(trained.metadata().imagePreprocessing()).isPresent();
        }
    }

    @Test
    void findsALearningRateAndTrainsNothing() {
        JsonNode facts = train("--model", "kerasCnn", "--width", 0.25, "--batch-size", 8, "--find-lr", "--json")
                .json();
        assertThat(facts.get("suggestedLr").asDouble())
                .isBetween(1e-5, facts.get("lowestLossLr").asDouble());
        assertThat(facts.get("points").size()).isBetween(20, 200);
        assertThat(Path.of(facts.get("page").asString()))
                .content()
                .contains("<polyline", "falls fastest", "train --data");
        assertThat(out).doesNotExist();
        assertThat(folder.resolve("out.onnx.run/checkpoints")).doesNotExist();
        assertThat(train("--model", "kerasCnn", "--width", 0.25, "--batch-size", 8, "--find-lr")
                        .out())
                .contains("suggested lr", "smoothed");
    }

    @Test
    void trainRefusesWhatItCannotUse() throws IOException {
        train("--model", "kerasCnn", "--epochs", "many")
                .refused("epochs", "'many'")
                .inOneLine();
        train("--model", "lenet7").refused("'lenet7'", "kerasCnn").inOneLine();
        train("--model", "kerasCnn", "--resume").refused("--resume").inOneLine();
        Path recipe = Files.writeString(folder.resolve("r.yaml"), "epoks: 3\n");
        train("--model", "kerasCnn", "--recipe", recipe)
                .refused("r.yaml", "'epoks'", "'epochs'")
                .inOneLine();
        Files.writeString(recipe, "epochs: [1, 2]\n");
        train("--model", "kerasCnn", "--recipe", recipe)
                .refused("r.yaml", "'epochs'")
                .inOneLine();
        Files.writeString(recipe, "epochs: 1\nepochs: 2\n");
        train("--model", "kerasCnn", "--recipe", recipe).refused("r.yaml").inOneLine();
        CommandRun.of("train", "--data", folder.resolve("none"), "--model", "kerasCnn", "-o", out)
                .refused("none")
                .inOneLine();
        CommandRun.of("train", "--data", data, "--model", "kerasCnn", "-o", folder.resolve("no/out.onnx"))
                .refused("does not exist")
                .inOneLine();
        assertThat(out).doesNotExist();
    }

    @Test
    void corruptImagesAreNamedAndSkippedOrRefused() throws IOException {
        Path broken = Files.write(data.resolve("train/cross/0001.png"), new byte[] {1, 2, 3});
        CommandRun skipped = train("--model", "mlp", "--width", 0.1, "--epochs", 1, "--batch-size", 8, "--json");
        assertThat(skipped.json().get("epochs").asInt()).isEqualTo(1);
        assertThat(skipped.err()).contains(broken.getFileName().toString(), "1 corrupt");
        CommandRun.of("eval", out, "--data", data, "--cache", folder.resolve("other"), "--on-corrupt", "fail")
                .refused("0001.png");
    }

    @Test
    void aClassWithoutImagesAndOtherSizesAreRefused() throws IOException {
        CommandRun.of("eval", model, "--data", data, "--image-size", "24x24", "--cache", folder.resolve("c2"))
                .refused("[3, 24, 24]");
        Files.createDirectories(data.resolve("train/nothing"));
        CommandRun.of("eval", model, "--data", data, "--cache", folder.resolve("c3"))
                .refused("nothing");
    }

    @Test
    void prunesChannelsAndElements() {
        JsonNode facts = prune("--target", 0.5, "--of", "macs", "--json").json();
        assertThat(facts.propertyNames()).containsExactly("before", "after", "check", "approximations", "frozen");
        assertThat(facts.get("before").propertyNames()).containsExactly("parameters", "macs", "sparsity");
        assertThat(facts.get("check").propertyNames())
                .containsExactly("maxAbsDiff", "tolerance", "passed", "deviation");
        assertThat(facts.at("/frozen/0").propertyNames()).containsExactly("node", "reason");
        assertThat(facts.at("/after/macs").asLong())
                .isLessThanOrEqualTo(facts.at("/before/macs").asLong() / 2);
        JsonNode inspected = CommandRun.of("inspect", out, "--json").json();
        assertThat(inspected.get("macs").asLong())
                .isEqualTo(facts.at("/after/macs").asLong());
        JsonNode sparse = prune("--pattern", "element", "--criterion", "l1", "--target", 0.8, "--json")
                .json();
        assertThat(sparse.at("/after/sparsity").asDouble()).isBetween(0.75, 0.81);
        assertThat(sparse.propertyNames()).as("zeros in place need no proof").doesNotContain("check");
    }

    @Test
    void prunesExactlyWhatAFileKeeps() throws IOException {
        String parameter;
        int axis;
        int channels;
        JsonNode inspected = CommandRun.of("inspect", model, "--json").json();
        JsonNode group = inspected.at("/groups/0");
        parameter = group.at("/members/0/parameter").asString();
        axis = group.at("/members/0/axis").asInt();
        channels = group.get("channels").asInt();
        Path keep = folder.resolve("keep.json");
        Files.writeString(keep, "{\"" + parameter + "\": {\"" + axis + "\": [0, 2]}}");
        JsonNode facts = prune("--keep", keep, "--json").json();
        assertThat(facts.at("/after/parameters").asLong())
                .isLessThan(facts.at("/before/parameters").asLong());
        JsonNode after = CommandRun.of("inspect", out, "--json").json();
        assertThat(after.at("/groups/0/channels").asInt()).isEqualTo(2).isLessThan(channels);
        Files.delete(out);
        Files.writeString(keep, "{\"nobody\": {\"0\": [0]}}");
        prune("--keep", keep).refused("'nobody'").inOneLine();
        Files.writeString(keep, "{\"" + parameter + "\": {\"" + axis + "\": [0, 99]}}");
        prune("--keep", keep).refused(parameter, "99").inOneLine();
        Files.writeString(keep, "[1]");
        prune("--keep", keep).refused("keep.json").inOneLine();
        prune("--keep", keep, "--target", 0.5).refused("--keep", "--target").inOneLine();
        assertThat(out).doesNotExist();
    }

    @Test
    void pruneRefusesWhatDoesNotGoTogether() {
        prune("--criterion", "taylor").refused("--data").inOneLine();
        prune("--finetune-epochs", 1).refused("--data").inOneLine();
        prune("--target", 1.5).refused("1.5").inOneLine();
        prune("--criterion", "beauty").refused("'beauty'", "taylor").inOneLine();
        prune("--pattern", "element", "--of", "macs").refused("MACS").inOneLine();
        prune("--pattern", "element", "--of", "latency").refused("LATENCY").inOneLine();
        prune("--of", "latency", "--batch", 0).refused("batch", "0").inOneLine();
        prune("--ignore", "nobody").refused("'nobody'").inOneLine();
        prune("--prune-schedule", "lottery", "--pattern", "element")
                .refused("--finetune-epochs")
                .inOneLine();
        prune("--reestimate-batches", 2).refused("--data").inOneLine();
        prune("--recipe", folder.resolve("none.yaml")).refused("none.yaml").inOneLine();
        assertThat(out).doesNotExist();
    }

    /** How long things take, and so whether the target is met, is no business of a test. */
    @Test
    void prunesToALatencyAndReportsIt() {
        try (Model made = Models.create("kerasCnn", Shape.of(3, 32, 32), 8, 1, 1)) {
            Onnx.write(made, model);
        }
        JsonNode facts = prune("--of", "latency", "--target", 0.2, "--scope", "local", "--json")
                .json();
        assertThat(facts.at("/after/macs").asLong())
                .isLessThan(facts.at("/before/macs").asLong());
        JsonNode latency = facts.get("latency");
        assertThat(latency.propertyNames())
                .containsExactly(
                        "target",
                        "batch",
                        "denseMillis",
                        "prunedMillis",
                        "ratio",
                        "estimate",
                        "layerTimings",
                        "races",
                        "met");
        assertThat(latency.get("batch").asInt()).isEqualTo(1);
        assertThat(latency.get("ratio").asDouble()).isPositive();
        assertThat(latency.get("races").asInt()).isPositive();
    }

    @Test
    void removesWhatTrainingShrankWithoutData() {
        try (Model made = Models.create("resnet20", Shape.of(3, 16, 16), 8, 0.5, 1);
                Scope scope = Scope.open()) {
            made.weights()
                    .get("stage1.0.norm1.scale")
                    .copyInPlace(Tensor.of(new float[] {1, 1e-4f, 1, 1, 1e-4f, 1, 1, 1}, 8));
            Onnx.write(made, model);
        }
        prune("--shrunk-below", 0.01, "--json").json();
        assertThat(channels("stage1.0.conv1")).isEqualTo(6);
        assertThat(channels("stage1.1.conv1")).isEqualTo(8);
    }

    private long channels(String layer) {
        try (Model left = Onnx.read(out)) {
            return left.weights().get(layer + ".weight").size(0);
        }
    }

    /** What was held out in training is held out again, by whatever command looks at it. */
    @Test
    void laterCommandsHoldOutWhatTrainingHeldOut() {
        train("--model", "mlp", "--epochs", 1, "--batch-size", 8, "--seed", 7, "--validation-fraction", 0.5, "--json")
                .json();
        try (Model trained = Onnx.read(out)) {
            assertThat(HeldOut.statedBy(trained)).hasValue(new HeldOut(0.5, 7));
        }
        assertThat(CommandRun.of(
                                List.of("eval", out, "--data", data, "--cache", folder.resolve("cache")),
                                "--split",
                                "validation",
                                "--json")
                        .json()
                        .get("samples")
                        .asInt())
                .isEqualTo(16);
        try (Model fresh = Onnx.read(model)) {
            assertThat(HeldOut.statedBy(fresh)).isEmpty();
        }
        // Tuned by a recipe with another seed, the model goes on without the same images.
        Path tuned = folder.resolve("tuned.onnx");
        CommandRun run = CommandRun.of(
                List.of(
                        "prune",
                        out,
                        "-o",
                        tuned,
                        "--device",
                        "cpu",
                        "--data",
                        data,
                        "--cache",
                        folder.resolve("cache")),
                "--target",
                0.3,
                "--finetune-epochs",
                1);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("held out as when the model was trained: 0.5 of seed 7");
        try (Model after = Onnx.read(tuned)) {
            assertThat(HeldOut.statedBy(after)).hasValue(new HeldOut(0.5, 7));
        }
    }

    /** A trained model goes on with the means and deviations that it was trained with; one that was only made states nothing. */
    @Test
    void aTrainedModelKeepsItsPreprocessing() throws IOException {
        Path recipe = Files.writeString(folder.resolve("r.yaml"), "epochs: 1\nbatch-size: 8\n");
        CommandRun fresh =
                prune("--target", 0.3, "--data", data, "--cache", folder.resolve("cache"), "--recipe", recipe);
        assertThat(fresh.code()).as(fresh.err()).isZero();
        assertThat(fresh.err()).as("the recipe alone asks for fine-tuning").contains("fine-tune epoch 1/1");
        Path other = folder.resolve("other");
        new SyntheticImages(16, 4, 2, 5).write(other);
        Path again = folder.resolve("again.onnx");
        CommandRun pruned = CommandRun.of(
                List.of("prune", out, "-o", again, "--device", "cpu"),
                "--target",
                0.3,
                "--data",
                other,
                "--cache",
                folder.resolve("cache"));
        assertThat(pruned.code()).as(pruned.err()).isZero();
        try (Model made = Onnx.read(model);
                Model was = Onnx.read(out);
                Model is = Onnx.read(again)) {
            assertThat(was.metadata().imagePreprocessing())
                    .isPresent()
                    .isNotEqualTo(made.metadata().imagePreprocessing());
            assertThat(is.metadata().imagePreprocessing())
                    .isEqualTo(was.metadata().imagePreprocessing());
        }
        Files.writeString(recipe, "batch-size: 8\n");
        prune("--data", data, "--recipe", recipe).refused("--finetune-epochs").inOneLine();
    }

    @Test
    void prunesBytesAndOnlyExactly() {
        JsonNode facts = prune("--of", "bytes", "--target", 0.5, "--exact-only", "--json")
                .json();
        assertThat(facts.at("/after/parameters").asLong())
                .isLessThan(facts.at("/before/parameters").asLong() * 55 / 100);
        assertThat(facts.get("approximations")).isEmpty();
        assertThat(facts.propertyNames()).doesNotContain("latency");
    }

    @Test
    void prunesByGradientsAndFineTunes() {
        JsonNode facts = prune(
                        "--criterion",
                        "taylor",
                        "--target",
                        0.3,
                        "--data",
                        data,
                        "--cache",
                        folder.resolve("cache"),
                        "--finetune-epochs",
                        1,
                        "--gradient-batches",
                        1,
                        "--json")
                .json();
        assertThat(facts.at("/accuracy/after").asDouble()).isBetween(0.0, 1.0);
        assertThat(facts.at("/after/parameters").asLong())
                .isLessThan(facts.at("/before/parameters").asLong());
    }
}
