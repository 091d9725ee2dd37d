package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.onnx.Onnx;
import dev.espalier.graph.Node;
import dev.espalier.manifest.encode.Encoding;
import dev.espalier.manifest.encode.TextEncoder;
import dev.espalier.model.Model;
import dev.espalier.op.Gather;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the program reads with modules that it finds on its class path: tokenizer.json, Parquet. */
@NoLeaks
class OptionalReadersTest {
    private static final String TOKENIZER = """
            {"version": "1.0", "added_tokens": [], "normalizer": {"type": "Lowercase"}, "decoder": null,
             "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                       "max_input_chars_per_word": 100,
                       "vocab": {"day": 0, "night": 1, "##s": 2, "[PAD]": 3, "sun": 4, "moon": 5, "the": 6, "[UNK]": 7,
                                 "of": 8, "##ny": 9}}}
            """;

    @TempDir
    Path folder;

    private Path tokenizer;
    private Path manifest;
    private Path model;

    @BeforeEach
    void makeManifest() throws IOException {
        List<String> rows = new ArrayList<>(List.of("label,split,words"));
        for (int i = 0; i < 120; i++) {
            rows.add((i % 2 == 0 ? "day," : "night,")
                    + (i < 80 ? "train," : "test,")
                    + (i % 2 == 0 ? "The sunny days of " : "The moon nights of ")
                    + i);
        }
        Files.write(folder.resolve("table.csv"), rows);
        tokenizer = Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
        manifest = Files.writeString(folder.resolve("manifest.yaml"), """
                files: table.csv
                columns:
                  label: label
                  split: split
                  words: {type: text, tokenizer: tokenizer.json, length: 6}
                """);
        model = folder.resolve("model.onnx");
    }

    private CommandRun train(Path data) {
        return CommandRun.of(
                "train",
                "--data",
                data,
                "--model",
                "fused",
                "--width",
                0.25,
                "--epochs",
                8,
                "--batch-size",
                16,
                "--lr",
                0.05,
                "--json",
                "-o",
                model);
    }

    private double accuracy(Path of) {
        return CommandRun.of("eval", of, "--data", manifest, "--json")
                .json()
                .get("accuracy")
                .asDouble();
    }

    private static TextEncoder texts(Model model) {
        return (TextEncoder)
                Encoding.of(model.metadata()).orElseThrow().encoders().get(0);
    }

    @Test
    void aTokenizerIsTrainedWithAndStaysInTheModelThroughPruning() throws IOException {
        train(manifest).json();
        Files.delete(tokenizer);
        String embedding;
        try (Model trained = Onnx.read(model)) {
            assertThat(texts(trained).tokenizer().ids("The SUNNY snow", 6)).containsExactly(6, 4, 9, 7, 3, 3);
            embedding = trained.graph().nodes().stream()
                    .filter(node -> node.op() instanceof Gather && node.inputs().contains("words"))
                    .map(Node::name)
                    .findFirst()
                    .orElseThrow();
        }
        double accuracy = accuracy(model);
        assertThat(accuracy).isGreaterThan(0.95);

        Path cut = folder.resolve("cut.onnx");
        JsonNode facts = CommandRun.of("prune", model, "--vocabulary", embedding, "--target", 0.3, "--json", "-o", cut)
                .json();
        assertThat(facts.at("/check/passed").asBoolean()).isTrue();
        try (Model left = Onnx.read(cut)) {
            assertThat(left.metadata().provenance().facts())
                    .containsEntry("prune.rows", "7 of 10")
                    .containsEntry("prune.unknown", "7");
            assertThat(texts(left).tokenizer().vocabulary()).isEqualTo(10);
        }
        assertThat(accuracy(cut)).isEqualTo(accuracy);

        Path small = folder.resolve("small.onnx");
        CommandRun.of(
                        "prune",
                        model,
                        "--data",
                        manifest,
                        "--of",
                        "macs",
                        "--target",
                        0.3,
                        "--finetune-epochs",
                        1,
                        "--json",
                        "-o",
                        small)
                .json();
        assertThat(accuracy(small)).isGreaterThan(0.95);
        Path page = folder.resolve("page.html");
        assertThat(CommandRun.of("report", model + ".run", small + ".run", "-o", page)
                        .code())
                .isZero();
    }

    @Test
    void aTokenizerThatCannotBeReadIsRefusedInOneLine() throws IOException {
        Files.writeString(tokenizer, TOKENIZER.replace("WordPiece", "WordPeace"));
        train(manifest).refused("tokenizer tokenizer.json: expected", "save it again");
        Files.delete(tokenizer);
        train(manifest).refused("tokenizer " + tokenizer, "cannot be read");
        assertThat(model).doesNotExist();
    }

    @Test
    void aParquetFileIsATableLikeAnyOther() throws SQLException {
        Path table = folder.resolve("table.parquet");
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("COPY (SELECT * FROM read_csv('" + folder.resolve("table.csv") + "')) TO '" + table
                    + "' (FORMAT parquet)");
        }
        train(table).json();
        assertThat(CommandRun.of("eval", model, "--data", table, "--json")
                        .json()
                        .get("accuracy")
                        .asDouble())
                .isGreaterThan(0.95);
    }
}
