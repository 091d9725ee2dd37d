package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.InputIndices;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.model.Preprocessing;
import dev.espalier.op.Gather;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What a model is fed shrinks: columns of a table, rows of a vocabulary; from the command line to the file. */
@NoLeaks
class InputPruningTest {
    @TempDir
    Path folder;

    private Path model = Path.of("");
    private Path out = Path.of("");

    @BeforeEach
    void prepare() {
        model = folder.resolve("m.onnx");
        out = folder.resolve("out.onnx");
        try (Model made =
                ModelBuilder.of("table", Shape.of(48)).dense(32).relu().dense(5).build(3)) {
            Onnx.write(made, model);
        }
    }

    private CommandRun prune(Object... more) {
        return CommandRun.of(List.of("prune", model, "-o", out, "--device", "cpu"), more);
    }

    @Test
    void columnsGoAndTheFileSaysWhichStay() {
        JsonNode facts = prune(
                        "--inputs", "input", "--scope", "table", "--table", "input=0.25", "--target", 0, "--json")
                .json();
        JsonNode kept = facts.at("/inputs/input:1");
        assertThat(kept).hasSize(36);
        assertThat(facts.at("/check/passed").asBoolean()).isTrue();
        try (Model left = Onnx.read(out)) {
            assertThat(left.graph().type("input").dim(1)).isEqualTo(36);
            assertThat(left.graph().type("input").dim(0)).isEqualTo(-1);
            assertThat(InputIndices.of(left.metadata(), "input", 1))
                    .hasValueSatisfying(
                            indices -> assertThat(indices).hasSize(36).isSorted());
            assertThat(left.metadata().provenance().facts()).containsEntry("prune.inputs", "{input=[1]}");
        }
        assertThat(prune("--inputs", "input:1", "--target", 0.5).out()).contains("input input:1 takes [");
    }

    @Test
    void columnsAreKeptExactly() throws IOException {
        Path keep = Files.writeString(folder.resolve("keep.json"), "{\"input\": {\"1\": [3, 5, 40]}}");
        JsonNode facts = prune("--keep", keep, "--json").json();
        assertThat(facts.at("/inputs/input:1").valueStream().map(JsonNode::asInt))
                .containsExactly(3, 5, 40);
        try (Model left = Onnx.read(out)) {
            assertThat(left.graph().type("input").dim(1)).isEqualTo(3);
        }
    }

    @Test
    void rowsOfAVocabularyGoAndIdsStayAsTheyAre() {
        String embedding;
        try (Model made = Models.create("textCnn", Shape.of(32), 5, 0.25, 3)) {
            embedding = made.graph().nodes().stream()
                    .filter(node -> node.op() instanceof Gather)
                    .findFirst()
                    .orElseThrow()
                    .name();
            Onnx.write(made, model);
        }
        JsonNode facts = prune("--vocabulary", embedding, "--unknown", 1, "--target", 0.5, "--json")
                .json();
        assertThat(facts.at("/check/passed").asBoolean()).isTrue();
        try (Model left = Onnx.read(out)) {
            assertThat(left.graph().parameterCount())
                    .isEqualTo(facts.at("/after/parameters").asLong());
            assertThat(facts.at("/before/parameters").asLong()
                            - facts.at("/after/parameters").asLong())
                    .isEqualTo(32L * Models.VOCABULARY / 2);
            assertThat(left.metadata().provenance().facts()).containsEntry("prune.rows", "4000 of 8000");
        }
        prune("--vocabulary", embedding).refused("--unknown").inOneLine();
        prune("--vocabulary", embedding, "--unknown", 9_999).refused("9999").inOneLine();
        prune("--vocabulary", "nobody", "--unknown", 1).refused("'nobody'").inOneLine();
        prune("--vocabulary", embedding, "--unknown", 1, "--criterion", "fpgm")
                .refused("FPGM")
                .inOneLine();
    }

    @Test
    void whatCannotShrinkIsRefusedByName() {
        prune("--inputs", "nobody").refused("'nobody'").inOneLine();
        prune("--inputs", "input:one").refused("'input:one'").inOneLine();
        prune("--inputs", "input:2").refused("axis 2").inOneLine();
        prune("--inputs", "input", "--data", folder).refused("--data").inOneLine();
        prune("--inputs", "input", "--pattern", "element").refused("CHANNEL").inOneLine();
        prune("--inputs", "input", "--of", "latency").refused("latency").inOneLine();
        try (Model made = Models.create("dsCnn", Shape.of(1, 40, 96), 5, 0.25, 3)) {
            Onnx.write(made.withMetadata(made.metadata().withPreprocessing(null)), model);
        }
        prune("--inputs", "input:2").refused("axis 2", "(Conv)").inOneLine();
        try (Model made = Models.create("resnet20", Shape.of(3, 16, 16), 8, 0.5, 1)) {
            Onnx.write(
                    made.withMetadata(made.metadata().withPreprocessing(Preprocessing.unit(Shape.of(3, 16, 16)))),
                    model);
        }
        prune("--inputs", "input").refused("preprocessing").inOneLine();
        assertThat(out).doesNotExist();
    }
}
