package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The system itself refuses to let a file grow: a process of its own under a limit on file sizes. */
class DiskFullTest {
    @TempDir
    Path folder;

    @Test
    void aModelThatDoesNotFitLeavesNothingBehind() throws IOException, InterruptedException {
        Path model = folder.resolve("m.onnx");
        try (Model made = Models.kerasCnn(Shape.of(3, 32, 32), 10, 1)) {
            Onnx.write(made, model);
        }
        Path out = Files.createDirectories(folder.resolve("full")).resolve("out.onnx");
        Path log = folder.resolve("log");
        String limitedTo64KiB = "ulimit -f 64; exec \"$@\"";
        List<String> words = new ArrayList<>(List.of("bash", "-c", limitedTo64KiB, "bash"));
        words.addAll(ChildCommand.words("prune", model, "--target", 0.1, "--device", "cpu", "-o", out));
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as("%s", lines).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(lines).hasSize(1);
        assertThat(lines.get(0)).contains("cannot write " + out, "nothing was written");
        try (Stream<Path> left = Files.list(out.getParent())) {
            assertThat(left).isEmpty();
        }
    }
}
