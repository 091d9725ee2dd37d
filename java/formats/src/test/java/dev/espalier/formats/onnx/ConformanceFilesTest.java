package dev.espalier.formats.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.formats.safetensors.Safetensors;
import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.prune.ConformanceGraphs;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compacted models keep what they compute in files: for ONNX Runtime, and for another process. */
@NoLeaks
class ConformanceFilesTest {
    /** In relation to the largest output; ONNX Runtime sums in another order. */
    private static final double ONNX_RUNTIME = 1e-4;

    @TempDir
    Path folder;

    static Stream<Arguments> cases() {
        return ConformanceGraphs.cases(ConformanceGraphs.names());
    }

    @ParameterizedTest(name = "{0} without {1}, seed {2}")
    @MethodSource("cases")
    void onnxRuntimeComputesTheSame(String name, double ratio, int seed) {
        Path file = folder.resolve(name + ".onnx");
        try (Scope scope = Scope.open();
                Model model = ConformanceGraphs.compacted(name, ratio, seed)) {
            Onnx.write(model, file);
            Map<String, Tensor> inputs = ConformanceGraphs.inputs(model.graph(), 11);
            Map<String, float[]> got = Reference.all(file, inputs);
            run(model, inputs).forEach((output, tensor) -> {
                float[] expected = tensor.toFloatArray();
                double tolerance = ONNX_RUNTIME * tensor.abs().max().item();
                float[] theirs = requireNonNull(got.get(output), output);
                assertThat(theirs).as(output).hasSameSizeAs(expected);
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) theirs[i]).as(output).isCloseTo(expected[i], within(tolerance));
                }
            });
        }
    }

    private static Map<String, Tensor> run(Model model, Map<String, Tensor> inputs) {
        Graph graph = model.graph();
        return Execution.run(graph, model.weights().asMap(), inputs, Evaluation.INFERENCE, Execution.Observer.NONE);
    }

    static Stream<Arguments> ratios() {
        return ConformanceGraphs.cases(Set.of("")).map(all -> Arguments.of(all.get()[1], all.get()[2]));
    }

    @ParameterizedTest(name = "without {0}, seed {1}")
    @MethodSource("ratios")
    void anotherProcessComputesTheSameBits(double ratio, int seed) throws IOException, InterruptedException {
        for (String name : ConformanceGraphs.names()) {
            try (Scope scope = Scope.open();
                    Model model = ConformanceGraphs.compacted(name, ratio, seed)) {
                Map<String, Tensor> inputs = ConformanceGraphs.inputs(model.graph(), 11);
                Onnx.write(model, folder.resolve(name + ".onnx"));
                Safetensors.write(folder.resolve(name + ".in.safetensors"), inputs, Map.of());
                Safetensors.write(folder.resolve(name + ".out.safetensors"), run(model, inputs), Map.of());
            }
        }
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                        "-Dorg.bytedeco.javacpp.maxBytes=0",
                        "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("org.bytedeco.javacpp.cachedir"),
                        "-Despalier.native.dir=" + System.getProperty("espalier.native.dir"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Reload.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        assertThat(said.lines().filter(line -> line.startsWith("same ")).toList())
                .as(said)
                .hasSameSizeAs(ConformanceGraphs.names());
        assertThat(process.exitValue()).as(said).isZero();
    }

    /** Reads each model of a folder, runs it on the inputs beside it and compares the outputs, bit by bit, with those beside it. */
    static final class Reload {
        private Reload() {}

        public static void main(String[] args) throws IOException {
            Set<Path> models = new TreeSet<>();
            try (var files = Files.list(Path.of(args[0]))) {
                files.filter(file -> file.toString().endsWith(".onnx")).forEach(models::add);
            }
            boolean same = true;
            for (Path file : models) {
                String name = file.getFileName().toString().replace(".onnx", "");
                String wrong = compare(file, name);
                System.out.println((wrong.isEmpty() ? "same " : "different ") + name + wrong);
                same &= wrong.isEmpty();
            }
            if (!same) {
                throw new IllegalStateException("some outputs differ");
            }
        }

        private static String compare(Path file, String name) {
            try (Scope scope = Scope.open();
                    Model model = Onnx.read(file)) {
                Map<String, Tensor> inputs = tensors(file, name + ".in.safetensors");
                Map<String, Tensor> expected = tensors(file, name + ".out.safetensors");
                Map<String, Tensor> got = run(model, inputs);
                List<String> wrong = got.entrySet().stream()
                        .filter(output -> !Arrays.equals(
                                output.getValue().toBytes(),
                                requireNonNull(expected.get(output.getKey())).toBytes()))
                        .map(output -> " " + output.getKey())
                        .toList();
                return String.join(",", wrong);
            }
        }

        private static Map<String, Tensor> tensors(Path beside, String name) {
            return Safetensors.read(beside.resolveSibling(name)).tensors();
        }
    }
}
