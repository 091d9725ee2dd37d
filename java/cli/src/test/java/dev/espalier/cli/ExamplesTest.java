package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.DataOptions;
import dev.espalier.data.DataSets;
import dev.espalier.data.Datasets;
import dev.espalier.data.Source;
import dev.espalier.data.SyntheticImages;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.pipeline.RunPlan;
import dev.espalier.prune.Size;
import dev.espalier.runtime.Device;
import dev.espalier.train.Evaluator;
import dev.espalier.train.Recipe;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples do what they say, started as their user starts them. */
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("..", "..", "examples");
    private static final long LONGEST_SECONDS = 300;

    @TempDir
    Path folder;

    /** Runs a program from its source, with a home folder of its own; gives what it printed. */
    private String run(String program, Object... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Djava.awt.headless=true",
                "-Duser.home=" + folder,
                "-Dorg.bytedeco.javacpp.maxBytes=0",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("org.bytedeco.javacpp.cachedir"),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                EXAMPLES.resolve("java").resolve(program + ".java").toString()));
        Stream.of(args).map(Object::toString).forEach(command::add);
        File printed = folder.resolve(program + ".txt").toFile();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(printed)
                .start();
        boolean ended = process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        String text = Files.readString(printed.toPath());
        assertThat(ended).as(text).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    @Test
    void readmeShowsTheProgramThatIsTested() throws IOException {
        String source = Files.readString(EXAMPLES.resolve("java/TrainPruneSave.java"));
        String from = "// tag::readme";
        String shown = source.substring(source.indexOf(from) + from.length(), source.indexOf("// end::readme"));
        String readme = Files.readString(EXAMPLES.resolveSibling("README.md"));
        assertThat(readme.replaceAll("\\s+", " "))
                .contains("```java " + shown.strip().replaceAll("\\s+", " ") + " ```");
    }

    @Test
    void programsTrainPruneAndPredict() throws IOException, InterruptedException {
        Path data = folder.resolve("data");
        Path pruned = folder.resolve("pruned.onnx");
        Path smaller = folder.resolve("smaller.onnx");
        new SyntheticImages(16, 10, 2, 1).write(data);

        String trained = run("TrainPruneSave", data, pruned);
        assertThat(trained).contains("before: ", "after: ", "passed=true");
        assertThat(macs(trained, "after: ")).isPositive().isLessThanOrEqualTo(macs(trained, "before: ") / 2);
        assertThat(sizeOf(pruned).macs()).isEqualTo(macs(trained, "after: "));

        assertThat(run("PruneOnnx", pruned, smaller, 0.3)).contains("passed=true");
        assertThat(sizeOf(smaller).parameters()).isLessThan(sizeOf(pruned).parameters());

        assertNamesAreThoseOfEvaluation(data, smaller);
    }

    private void assertNamesAreThoseOfEvaluation(Path data, Path file) throws IOException, InterruptedException {
        DataOptions options = DataOptions.defaults().withCache(folder.resolve("cache"));
        try (DataSets sets = Datasets.open(data, options);
                Model model = Onnx.read(file)) {
            Source test = sets.test().orElseThrow();
            BatchOptions batch = BatchOptions.evaluation(test.size(), sets.statistics(), Device.CPU);
            int[] predictions =
                    Evaluator.evaluate(model, new Batches(test, batch)).given().classes();
            int last = test.size() - 1;
            assertThat(run("Predict", file, data.resolve(test.name(last))))
                    .contains(test.classes().get(predictions[last]) + " ");
        }
    }

    /** The MACs in the line that begins so. */
    private static long macs(String printed, String line) {
        String found = printed.lines().filter(l -> l.startsWith(line)).collect(Collectors.joining());
        return Long.parseLong(found.replaceFirst(".*macs=(\\d+).*", "$1"));
    }

    private static Size sizeOf(Path file) {
        try (Model model = Onnx.read(file)) {
            return Size.of(model.graph(), model.weights().asMap());
        }
    }

    static List<Path> recipes() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES.resolve("recipes"))) {
            return files.filter(file -> !isCompared(file)).sorted().toList();
        }
    }

    private static boolean isCompared(Path recipe) {
        return recipe.getFileName().toString().startsWith("compare-");
    }

    @Test
    void comparedRecipesHoldKnownSettings() throws IOException {
        List<Path> compared;
        try (Stream<Path> files = Files.list(EXAMPLES.resolve("recipes"))) {
            compared = files.filter(ExamplesTest::isCompared).sorted().toList();
        }
        assertThat(compared).hasSize(9);
        for (Path file : compared) {
            Map<String, Object> settings = RecipeFile.read(file);
            Map<String, String> facts = RunPlan.fromMap(settings).facts();
            assertThat(facts.get("train.epochs")).isEqualTo(settings.get("epochs"));
            assertThat(facts.get("prune.target")).isEqualTo(settings.get("target"));
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void recipesHoldKnownSettings(Path file) {
        Map<String, Object> settings = RecipeFile.read(file);
        assertThat(settings).isNotEmpty();
        Map<String, Object> read = Recipe.fromMap(settings).toMap();
        settings.forEach((name, value) -> {
            Object known = Objects.requireNonNull(read.get(name), name);
            boolean same = known instanceof Number number
                    ? number.doubleValue() == Double.parseDouble(value.toString())
                    : known.toString().equals(value);
            assertThat(same).as("%s: %s is read as %s", name, value, known).isTrue();
        });
    }

    @Test
    void everyExampleIsListed() throws IOException {
        String list = Files.readString(EXAMPLES.resolve("README.md"));
        try (Stream<Path> files = Files.walk(EXAMPLES)) {
            files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("README.md"))
                    .forEach(file -> assertThat(list)
                            .contains("(" + EXAMPLES.relativize(file).toString() + ")"));
        }
    }
}
