package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.pipeline.RunPlan;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Patterns of weights from the command line to the file, where they are looked up. */
@NoLeaks
class PrunePatternsTest {
    @TempDir
    Path folder;

    private Path model = Path.of("");
    private Path out = Path.of("");

    @BeforeEach
    void prepare() {
        model = folder.resolve("m.onnx");
        out = folder.resolve("out.onnx");
        write(1);
    }

    private void write(double width) {
        try (Model made = Models.create("resnet20", Shape.of(3, 16, 16), 8, width, 1)) {
            Onnx.write(made, model);
        }
    }

    @Test
    void recipesSpellPatternsAsTheFlagsDo() throws IOException {
        Path recipe = Files.writeString(
                folder.resolve("r.yaml"), "pattern: nm\nnm: 1:4\npermute: true\nepochs: 1\nfinetune-epochs: 1\n");
        assertThat(RunPlan.fromMap(RecipeFile.read(recipe)).facts())
                .containsEntry("prune.pattern", "1:4")
                .containsEntry("prune.target", "0.75")
                .containsEntry("prune.permute", "true");
    }

    private CommandRun prune(Object... more) {
        return CommandRun.of(List.of("prune", model, "-o", out, "--device", "cpu"), more);
    }

    /** Asserts that, at each tap of the file's convolutions, so many of a run of outputs or inputs are kept as the pattern allows. */
    private void holds(int outputs, int inputs, List<Integer> allowed) {
        try (Model pruned = Onnx.read(out)) {
            int looked = 0;
            for (String name : pruned.weights().names()) {
                long[] shape = pruned.weights().get(name).shape().toArray();
                if (shape.length == 4 && shape[1] % inputs == 0) {
                    float[] w = pruned.weights().get(name).toFloatArray();
                    int taps = (int) (shape[2] * shape[3]);
                    int c = (int) shape[1];
                    for (int k = 0; k < shape[0]; k += outputs) {
                        for (int first = 0; first < c; first += inputs) {
                            for (int tap = 0; tap < taps; tap++) {
                                int kept = 0;
                                for (int i = 0; i < outputs * inputs; i++) {
                                    int at = ((k + i / inputs) * c + first + i % inputs) * taps + tap;
                                    kept += w[at] == 0 ? 0 : 1;
                                }
                                assertThat(kept).isIn(allowed);
                                looked++;
                            }
                        }
                    }
                }
            }
            assertThat(looked).isPositive();
        }
    }

    private String fact(String key) {
        try (Model pruned = Onnx.read(out)) {
            return pruned.metadata().provenance().facts().getOrDefault(key, "");
        }
    }

    @Test
    void twoOfFourIsTheWholeOfItAndIsInTheFile() {
        double after = prune("--pattern", "nm", "--nm", "2:4", "--json")
                .json()
                .at("/after/sparsity")
                .asDouble();
        assertThat(after).isBetween(0.49, 0.5);
        holds(1, 4, List.of(2));
        assertThat(fact("prune.pattern")).isEqualTo("2:4");
        assertThat(fact("prune.target")).isEqualTo("0.5");
        CommandRun.of("inspect", out, "--json").json();
        double quarter = prune("--pattern", "nm", "--nm", "1:4", "--json")
                .json()
                .at("/after/sparsity")
                .asDouble();
        assertThat(quarter).isBetween(0.73, 0.75);
        holds(1, 4, List.of(1));
        prune("--pattern", "nm", "--nm", "1:4", "--target", 0.3, "--json").json();
        holds(1, 4, List.of(1, 4));
    }

    @Test
    void vectorsAndBlocksAreInTheFileArrangedOrNot() {
        prune("--pattern", "vector", "--vector", 16, "--target", 0.8, "--json").json();
        holds(16, 1, List.of(0, 16));
        assertThat(fact("prune.pattern")).isEqualTo("16x1");
        CommandRun arranged = prune("--pattern", "vector", "--target", 0.8, "--permute", "--json");
        assertThat(arranged.json().at("/after/sparsity").asDouble()).isBetween(0.79, 0.81);
        assertThat(arranged.err()).contains("arranged the channels of");
        holds(16, 1, List.of(0, 16));
        assertThat(fact("prune.permute")).isEqualTo("true");
        prune("--pattern", "block", "--block", "8x4", "--target", 0.5, "--json").json();
        holds(8, 4, List.of(0, 32));
    }

    @Test
    void whatCannotBeIsRefusedInOneLine() {
        prune("--pattern", "nm", "--nm", "2:4", "--target", 0.6)
                .refused("0.6", "2:4", "0.5")
                .inOneLine();
        prune("--pattern", "nm", "--nm", "2/4").refused("'nm'", "2/4").inOneLine();
        prune("--pattern", "nm", "--nm", "4:2").refused("4:2").inOneLine();
        prune("--nm", "2:4").refused("'nm'", "pattern channel").inOneLine();
        prune("--pattern", "vector", "--block", "16x4")
                .refused("'block'", "vector")
                .inOneLine();
        prune("--pattern", "block", "--block", "16").refused("'block'", "'16'").inOneLine();
        prune("--pattern", "element", "--permute").refused("permute", "element").inOneLine();
        prune("--pattern", "vector", "--shrunk-below", 0.1)
                .refused("shrunk-below")
                .inOneLine();
        prune("--pattern", "vector", "--prune-schedule", "rigl")
                .refused("rigl", "16x1")
                .inOneLine();
        prune("--pattern", "nm", "--scope", "erk").refused("ERK", "2:4").inOneLine();
        assertThat(out).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"nm", "vector"})
    void theyHoldThroughFineTuningOnASchedule(String pattern) {
        write(0.5);
        Path data = folder.resolve("data");
        new SyntheticImages(16, 4, 2, 1).write(data);
        List<Object> chosen = pattern.equals("nm") ? List.of() : List.of("--vector", 8, "--target", 0.75);
        List<Object> tuned = List.of(
                "--pattern",
                pattern,
                "--permute",
                "--data",
                data,
                "--cache",
                folder.resolve("cache"),
                "--finetune-epochs",
                1,
                "--prune-schedule",
                "cubic",
                "--every",
                0.3,
                "--json");
        CommandRun run = prune(Stream.concat(chosen.stream(), tuned.stream()).toArray());
        assertThat(run.json().at("/after/sparsity").asDouble()).isGreaterThan(0.48);
        if (pattern.equals("nm")) {
            holds(1, 4, List.of(2));
        } else {
            holds(8, 1, List.of(0, 8));
        }
        assertThat(run.err()).contains("arranged the channels");
    }
}
