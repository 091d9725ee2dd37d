package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that the system kills without warning ends, resumed, with the weights of a run that nobody disturbed. */
class KillAndResumeTest {
    private static final int KILLED = 128 + 9;

    @TempDir
    Path folder;

    private Path whole = Path.of("");
    private Path killed = Path.of("");

    @BeforeEach
    void prepare() {
        whole = folder.resolve("whole.onnx");
        killed = folder.resolve("killed.onnx");
        new SyntheticImages(16, 9, 2, 1).write(folder.resolve("data"));
    }

    @Test
    void trainingAndPruningSurviveBeingKilled() throws IOException, InterruptedException {
        List<Object> train = List.of("train", "--model", "kerasCnn", "--width", 0.25, "--epochs", 12, "--lr", 0.01);
        runUndisturbed(train);
        kill(train, 10);
        kill(train, 31);
        assertThat(finish(train)).anyMatch(line -> line.startsWith("resumed at stage 'train'"));
        assertThat(weights(killed)).isEqualTo(weights(whole));

        Path dense = Files.move(whole, folder.resolve("dense.onnx"));
        forgetRuns();
        List<Object> prune = new ArrayList<>(List.of("prune", dense, "--criterion", "taylor", "--target", 0.5));
        prune.addAll(List.of("--gradient-batches", 1, "--prune-schedule", "iterative", "--finetune-epochs", 5));
        prune.addAll(List.of("--recipe", Files.writeString(folder.resolve("r.yaml"), "batch_size: 16\nlr: 0.001\n")));
        runUndisturbed(prune);
        kill(prune, 8);
        Path newest = kill(prune, 40);
        try (FileChannel file = FileChannel.open(newest, StandardOpenOption.WRITE)) {
            file.truncate(file.size() / 2);
        }
        assertThat(finish(prune))
                .anyMatch(line -> line.contains("refused")
                        && line.contains(newest.getFileName().toString()))
                .anyMatch(line -> line.startsWith("resumed at stage 'fine-tune"));
        assertThat(weights(killed)).isEqualTo(weights(whole));
    }

    private Object[] with(List<Object> command, Path out, Object... more) {
        Stream<Object> common = Stream.of(
                "--data", folder.resolve("data"), "--cache", folder.resolve("cache"), "--device", "cpu", "-o", out);
        Stream<Object> batches = command.get(0).equals("train") ? Stream.of("--batch-size", 16) : Stream.of();
        return Stream.of(command.stream(), common, batches, Stream.of("--checkpoint-batches", 1), Stream.of(more))
                .flatMap(words -> words)
                .toArray();
    }

    private void runUndisturbed(List<Object> command) {
        CommandRun run = CommandRun.of(with(command, whole));
        assertThat(run.code()).as(run.err()).isZero();
    }

    /** Kills the run as soon as this checkpoint is there; returns the newest one. */
    private Path kill(List<Object> command, long number) throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        Object[] resume = newest().map(file -> new Object[] {"--resume"}).orElseGet(() -> new Object[0]);
        Process process = start(with(command, killed, resume), log);
        while (process.isAlive() && newest().map(KillAndResumeTest::number).orElse(0L) < number) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
        process.destroyForcibly();
        assertThat(process.waitFor()).as("%s", Files.readAllLines(log)).isEqualTo(KILLED);
        assertThat(killed).doesNotExist();
        return newest().orElseThrow();
    }

    /** Resumes the run to its end; returns what it said. */
    private List<String> finish(List<Object> command) throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        Process process = start(with(command, killed, "--resume"), log);
        assertThat(process.waitFor()).as("%s", Files.readAllLines(log)).isZero();
        return Files.readAllLines(log);
    }

    private static Process start(Object[] words, Path log) throws IOException {
        return new ProcessBuilder(ChildCommand.words(words))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    private Optional<Path> newest() throws IOException {
        Path checkpoints = folder.resolve("killed.onnx.run/checkpoints");
        if (!Files.isDirectory(checkpoints)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(checkpoints)) {
            return files.filter(file -> file.getFileName().toString().startsWith("checkpoint-"))
                    .max(Comparator.comparing(Path::getFileName));
        }
    }

    private static long number(Path checkpoint) {
        return Long.parseLong(checkpoint.getFileName().toString().replaceAll("\\D", ""));
    }

    private void forgetRuns() throws IOException {
        Files.delete(killed);
        for (String run : List.of("whole.onnx.run", "killed.onnx.run")) {
            Files.move(folder.resolve(run), folder.resolve("train-" + run));
        }
    }

    /** The shape of every weight, with the bits of its values. */
    private static Map<String, List<Object>> weights(Path file) {
        Map<String, List<Object>> weights = new TreeMap<>();
        try (Model model = Onnx.read(file)) {
            model.weights()
                    .asMap()
                    .forEach((name, tensor) -> weights.put(name, List.of(tensor.shape(), bits(tensor.toFloatArray()))));
        }
        return weights;
    }

    private static List<Integer> bits(float[] values) {
        return IntStream.range(0, values.length)
                .mapToObj(i -> Float.floatToRawIntBits(values[i]))
                .toList();
    }
}
