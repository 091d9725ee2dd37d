package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@NoLeaks
class CompareCommandTest {
    @TempDir
    Path folder;

    private Path recipe = Path.of("");
    private Path out = Path.of("");

    @BeforeEach
    void prepare() throws IOException {
        new SyntheticImages(16, 6, 2, 1).write(folder.resolve("data"));
        recipe = Files.writeString(
                folder.resolve("half.yaml"),
                "epochs: 1\nbatch-size: 8\nvalidation-fraction: 0.2\nof: macs\ntarget: 0.5\nfinetune-epochs: 1\n");
        out = folder.resolve("out");
    }

    private CommandRun compare(Object... more) {
        List<Object> args = new ArrayList<>(List.of("compare", "--data", folder.resolve("data"), "--device", "cpu"));
        args.addAll(List.of("--cache", folder.resolve("cache"), "--measured-fraction", 0.3, "-o", out));
        args.addAll(List.of(more));
        return CommandRun.of(args.toArray());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    private List<String> kinds(String baselines) {
        return compare(recipe, "--model", "kerasCnn", "--width", 0.25, "--seeds", 1, "--baselines", baselines, "--json")
                .json()
                .get("rows")
                .valueStream()
                .map(row -> row.get("kind").asString())
                .toList();
    }

    @Test
    void makesTheBaselinesThatAreWanted() {
        assertThat(kinds("none")).containsExactly("DENSE", "PRUNED");
        assertThat(kinds("small-dense,random")).containsExactly("DENSE", "PRUNED", "RANDOM", "SMALL_DENSE");
        CommandRun wrong = compare(recipe, "--model", "kerasCnn", "--baselines", "dense");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("--baselines 'dense' is none of [random, dense-longer, small-dense]");
    }

    @Test
    void comparesAndGoesOnWhereItStopped() throws IOException {
        JsonNode facts = compare(recipe, "--model", "kerasCnn", "--width", 0.25, "--seeds", "1,2", "--json")
                .json();
        assertThat(facts.get("rows").size()).isEqualTo(5);
        assertThat(facts.get("cells").size()).isEqualTo(10);
        JsonNode pruned = facts.at("/rows/1");
        assertThat(pruned.get("kind").asString()).isEqualTo("PRUNED");
        double first = facts.at("/cells/2/accuracy").asDouble();
        double second = facts.at("/cells/3/accuracy").asDouble();
        assertThat(pruned.at("/measures/accuracy/mean").asDouble()).isEqualTo((first + second) / 2);
        assertThat(pruned.at("/measures/macs/mean").asDouble())
                .isLessThanOrEqualTo(facts.at("/rows/0/measures/macs/mean").asDouble() / 2);
        assertThat(Files.readString(out.resolve("report.html")))
                .contains(
                        "half, random",
                        "half, dense longer",
                        "half, small dense",
                        "Accuracy against useful MACs",
                        "not beaten");
        assertThat(names(out.resolve("cells"))).hasSize(10);
        assertThat(names(out.resolve("running"))).isEmpty();

        Path last = out.resolve("cells").resolve(names(out.resolve("cells")).get(9));
        byte[] was = Files.readAllBytes(last);
        Files.delete(last);
        CommandRun again = compare(recipe, "--model", "kerasCnn", "--width", 0.25, "--seeds", "1,2");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.err().lines().filter(line -> line.startsWith("half, ")))
                .hasSize(1);
        assertThat(again.out()).contains("half, random", " ± ", "report: ");
        assertThat(Files.readString(last).lines().filter(line -> line.contains("accuracy")))
                .isEqualTo(new String(was, java.nio.charset.StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> line.contains("accuracy"))
                        .toList());
        Files.writeString(last, "{}");
        compare(recipe, "--model", "kerasCnn", "--width", 0.25, "--seeds", "1,2")
                .refused("delete it");
    }

    @Test
    void comparesFusedModelsOfAManifest() throws IOException {
        Path manifest = ToyRows.write(folder);
        Object[] columns = {"--width", 0.25, "--seeds", 1, "--columns", "photo,words,size", "--json"};
        List<Object> args = new ArrayList<>(List.of("compare", "--data", manifest, "--device", "cpu", "-o", out));
        args.addAll(List.of("--cache", folder.resolve("cache"), "--measured-fraction", 0.3, recipe));
        args.addAll(List.of("--model", "fused"));
        args.addAll(List.of(columns));
        JsonNode rows = CommandRun.of(args.toArray()).json().get("rows");
        assertThat(rows.valueStream().map(row -> row.get("kind").asString()))
                .containsExactly("DENSE", "PRUNED", "RANDOM", "DENSE_LONGER", "SMALL_DENSE");
        double dense = rows.at("/0/measures/macs/mean").asDouble();
        for (int row : new int[] {1, 2, 4}) {
            assertThat(rows.at("/" + row + "/measures/macs/mean").asDouble())
                    .isPositive()
                    .isLessThanOrEqualTo(dense / 2);
        }
        compare(recipe, "--model", "fused").refused("fused", "columns of a manifest");
    }

    @Test
    void refusesWhatItCannotCompare() throws IOException {
        compare(recipe, "--model", "beauty").refused("'beauty'", "kerasCnn").inOneLine();
        compare(recipe, "--model", "kerasCnn", "--seeds", "1,1")
                .refused("--seeds")
                .inOneLine();
        compare(recipe, recipe, "--model", "kerasCnn").refused("'half'").inOneLine();
        compare(recipe, "--model", "kerasCnn", "--width", 0).refused("--width").inOneLine();
        Path wrong = Files.writeString(folder.resolve("wrong.yaml"), "finetune-epoks: 1\n");
        compare(wrong, "--model", "kerasCnn")
                .refused("wrong.yaml", "'finetune-epoks'", "'finetune-epochs'")
                .inOneLine();
        assertThat(out).doesNotExist();
    }
}
