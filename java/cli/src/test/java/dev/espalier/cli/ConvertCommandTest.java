package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@NoLeaks
class ConvertCommandTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"lenet", "textCnn", "wideAndDeep", "dsCnn"})
    void anArchitectureWithFreshWeightsIsTheSameForTheSameSeed(String name) {
        Path one = folder.resolve("one.onnx");
        Path two = folder.resolve("two.onnx");
        for (Path file : List.of(one, two)) {
            JsonNode facts = CommandRun.of("convert", name, file, "--seed", 3, "--width", 0.25, "--json")
                    .json();
            assertThat(facts.get("out").asString()).isEqualTo(file.toString());
        }
        try (Model first = Onnx.read(one);
                Model second = Onnx.read(two);
                Model made = Models.create(name, Models.exampleSample(name), 10, 0.25, 3)) {
            assertThat(first.graph().inputs()).isEqualTo(made.graph().inputs());
            for (String weight : made.weights().names()) {
                byte[] expected = made.weights().get(weight).toBytes();
                assertThat(first.weights().get(weight).toBytes()).isEqualTo(expected);
                assertThat(second.weights().get(weight).toBytes()).isEqualTo(expected);
            }
        }
    }

    /** A file's weights go to safetensors and to TorchScript, and come back into the same architecture. */
    @Test
    void weightsComeBackIntoTheirArchitecture() {
        Path onnx = folder.resolve("m.onnx");
        Path weights = folder.resolve("m.safetensors");
        Path again = folder.resolve("again.onnx");
        CommandRun.of("convert", "lenet", onnx, "--seed", 5, "--sample", "1,28,28", "--json")
                .json();
        CommandRun.of("convert", onnx, weights, "--json").json();
        CommandRun.of("convert", onnx, folder.resolve("m.pt"), "--json").json();
        CommandRun.of("convert", "lenet", again, "--weights", weights, "--sample", "1,28,28", "--json")
                .json();
        assertThat(folder.resolve("m.pt")).isNotEmptyFile();
        try (Model first = Onnx.read(onnx);
                Model second = Onnx.read(again)) {
            for (String weight : first.weights().names()) {
                assertThat(second.weights().get(weight).toBytes())
                        .isEqualTo(first.weights().get(weight).toBytes());
            }
        }
    }

    @Test
    void whatAnArchitectureLacksIsRefused() {
        Path out = folder.resolve("m.onnx");
        CommandRun.of("convert", "lenet", out)
                .refused("'lenet'", "--weights", "--seed")
                .inOneLine();
        CommandRun.of("convert", "lenet", out, "--seed", 1, "--sample", 12)
                .refused("--sample of 'lenet'", "[3, 32, 32]", "[12]")
                .inOneLine();
        assertThat(out).doesNotExist();
    }
}
