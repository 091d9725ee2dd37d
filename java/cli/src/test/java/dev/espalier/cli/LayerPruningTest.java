package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.prune.Layers;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Whole layers, from the command line to the file. */
@NoLeaks
class LayerPruningTest {
    @TempDir
    Path folder;

    private Path model = Path.of("");
    private Path out = Path.of("");

    @BeforeEach
    void prepare() {
        model = folder.resolve("m.onnx");
        out = folder.resolve("out.onnx");
        try (Model made = Models.create("resnet20", Shape.of(3, 16, 16), 8, 0.5, 1)) {
            Onnx.write(made, model);
        }
    }

    private CommandRun prune(Path from, Object... more) {
        return CommandRun.of(List.of("prune", from, "-o", out, "--device", "cpu"), more);
    }

    private CommandRun layers(Object... more) {
        return prune(
                model,
                Stream.concat(Stream.of("--pattern", "layer"), Stream.of(more)).toArray());
    }

    @Test
    void inspectListsLayersAndWhyOthersStay() {
        JsonNode layers = CommandRun.of("inspect", model, "--json").json().get("layers");
        assertThat(layers).hasSize(9);
        long removable =
                layers.valueStream().filter(l -> l.get("removable").asBoolean()).count();
        assertThat(removable).isEqualTo(7);
        assertThat(layers.at("/0/macs").asLong()).isEqualTo(2L * 8 * 8 * 9 * 16 * 16);
        assertThat(layers.valueStream()
                        .filter(l -> !l.get("removable").asBoolean())
                        .map(l -> l.get("reason").asString()))
                .allSatisfy(reason -> assertThat(reason).contains("both sides have weights of their own"));
        assertThat(CommandRun.of("inspect", model).out()).contains("no: both sides have weights of their own");
    }

    @Test
    void layersGoAndThenChannels() {
        JsonNode facts = layers("--target", 0.5, "--json").json();
        assertThat(facts.get("layers")).hasSize(3);
        assertThat(facts.at("/check/passed").asBoolean()).isTrue();
        assertThat(facts.at("/frozen/0/reason").asString()).contains("both sides");
        try (Model left = Onnx.read(out)) {
            assertThat(Layers.of(left.graph()).removable()).hasSize(4);
            assertThat(left.graph().macs()).isEqualTo(facts.at("/after/macs").asLong());
            assertThat(left.metadata().provenance().facts())
                    .containsEntry("prune.pattern", "layer")
                    .containsEntry(
                            "prune.layers",
                            String.join(
                                    " ",
                                    facts.get("layers")
                                            .valueStream()
                                            .map(JsonNode::asString)
                                            .toList()));
        }
        Path shallow = out;
        out = folder.resolve("narrow.onnx");
        JsonNode further =
                prune(shallow, "--of", "macs", "--target", 0.5, "--json").json();
        assertThat(further.at("/before/macs").asLong())
                .isEqualTo(facts.at("/after/macs").asLong());
        assertThat(further.at("/after/macs").asLong())
                .isLessThanOrEqualTo(facts.at("/after/macs").asLong() / 2);
        try (Model narrow = Onnx.read(out)) {
            assertThat(narrow.graph().macs())
                    .isEqualTo(further.at("/after/macs").asLong());
        }
    }

    @Test
    void influenceIsMeasuredOnImagesAndFineTuned() {
        Path data = folder.resolve("data");
        new SyntheticImages(16, 4, 2, 1).write(data);
        JsonNode facts = layers(
                        "--criterion",
                        "block_influence",
                        "--of",
                        "macs",
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
        assertThat(facts.at("/after/macs").asLong())
                .isLessThanOrEqualTo(facts.at("/before/macs").asLong() * 7 / 10);
        assertThat(facts.get("layers")).isNotEmpty();
    }

    @Test
    void recipesOfLayersAreComparedWithRandomOnes() throws IOException {
        Path data = folder.resolve("data");
        new SyntheticImages(16, 6, 2, 1).write(data);
        Path recipe = Files.writeString(folder.resolve("depth.yaml"), """
                epochs: 1
                batch-size: 8
                validation-fraction: 0.2
                pattern: layer
                target: 0.5
                prune-schedule: iterative
                rounds: 2
                finetune-epochs: 1
                """);
        JsonNode facts = CommandRun.of(
                        "compare",
                        recipe,
                        "--model",
                        "resnet20",
                        "--width",
                        0.25,
                        "--data",
                        data,
                        "--cache",
                        folder.resolve("cache"),
                        "--measured-fraction",
                        0.3,
                        "--device",
                        "cpu",
                        "--seeds",
                        "1",
                        "-o",
                        folder.resolve("compared"),
                        "--json")
                .json();
        assertThat(facts.get("rows").valueStream().map(row -> row.get("kind").asString()))
                .containsExactly("DENSE", "PRUNED", "RANDOM", "DENSE_LONGER", "SMALL_DENSE");
        assertThat(facts.at("/rows/1/measures/macs/mean").asDouble())
                .isLessThan(facts.at("/rows/0/measures/macs/mean").asDouble() * 0.7);
    }

    @Test
    void aLatencyIsMetByLayers() {
        JsonNode facts = layers("--of", "latency", "--target", 0.2, "--json").json();
        assertThat(facts.get("layers")).isNotEmpty();
        assertThat(facts.at("/latency/races").asInt()).isPositive();
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() {
        layers("--criterion", "block_influence").refused("--data").inOneLine();
        layers("--criterion", "fpgm").refused("FPGM", "layers").inOneLine();
        layers("--of", "channels").refused("LAYERS").inOneLine();
        layers("--scope", "local").refused("GLOBAL").inOneLine();
        layers("--prune-schedule", "cubic")
                .refused("oneshot, iterative or lottery")
                .inOneLine();
        layers("--target", 0.99, "--of", "macs")
                .refused("cannot be met by removing layers")
                .inOneLine();
        assertThat(out).doesNotExist();
    }
}
