package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.report.RunReport;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@NoLeaks
class ReportCommandTest {
    @TempDir
    Path folder;

    private static RunReport report(String made, double accuracy) {
        return new RunReport(
                "Pruning of m.onnx to " + made,
                Map.of("command", "espalier prune -o " + made, "java", "17"),
                List.of(
                        new RunReport.ModelFacts("m.onnx", 1000, 4_000_000, 0, 0.75, 2.0),
                        new RunReport.ModelFacts(made, 500, 1_234_567, 0.25, accuracy, Double.NaN)),
                List.of(new RunReport.Curve("loss", "training", List.of(2.0, Double.NaN, 1.0))),
                List.of(new RunReport.LayerChannels("conv_" + made, 32, 16)),
                List.of(new RunReport.SliceAccuracy("cat", 7, 0.6, Double.NaN)),
                List.of(new RunReport.Step("before", Map.of("cat", Double.NaN))),
                List.of(new RunReport.NewlyWrong(
                        "cat/1.png",
                        "cat",
                        "dog in " + made,
                        List.of(new RunReport.Exhibit(RunReport.Exhibit.Kind.PICTURE, "AQID")))));
    }

    private Path run(String name, RunReport report) throws IOException {
        Path run = Files.createDirectories(folder.resolve(name));
        RunRecord.write(run, report);
        return run;
    }

    private String page(Object... runs) throws IOException {
        Path page = folder.resolve("page.html");
        Object[] args = new Object[runs.length + 3];
        args[0] = "report";
        System.arraycopy(runs, 0, args, 1, runs.length);
        args[runs.length + 1] = "-o";
        args[runs.length + 2] = page;
        CommandRun run = CommandRun.of(args);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out().strip()).isEqualTo(page.toString());
        return Files.readString(page);
    }

    @Test
    void aRecordReadsBackAsItWasWritten() throws IOException {
        RunReport written = report("a.onnx", 0.5);
        assertThat(RunRecord.read(run("a", written))).isEqualTo(written);
    }

    @Test
    void onePageShowsTheFiguresOfEveryRun() throws IOException {
        Path a = run("a", report("a.onnx", 0.5));
        assertThat(page(a)).contains("Pruning of m.onnx to a.onnx", "1,234,567", "50.00 %", "AQID");
        Path b = run("x/a", report("a.onnx", 0.625));
        String both = page(a, b);
        assertThat(both).contains("50.00 %", "62.50 %", a + ": training", b + ": training");
        assertThat(both).contains("<td>a.onnx</td>", "<td>a.onnx (" + b + ")</td>");
        assertThat(both.split("<td>m.onnx</td>", -1)).hasSize(2);
        assertThat(both.split("dog in a.onnx", -1)).hasSize(2);
        assertThat(both.split("<dt>java</dt>", -1)).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[1]",
                "\u0000\u0001",
                "{\"version\": 1}",
                "{\"version\": 2, \"report\": null}",
                "{\"version\": 1, \"report\": {\"title\": \"t\"}}"
            })
    void whatIsNoRecordIsRefusedByName(String content) throws IOException {
        Path run = Files.createDirectories(folder.resolve("r"));
        Files.writeString(run.resolve("run.json"), content);
        Path page = folder.resolve("page.html");
        CommandRun.of("report", run, "-o", page)
                .refused(run.resolve("run.json").toString())
                .inOneLine();
        assertThat(page).doesNotExist();
    }

    @Test
    void figuresThatCannotBeAreRefused() throws IOException {
        Path run = run("r", report("a.onnx", 0.5));
        Path record = run.resolve("run.json");
        String good = Files.readString(record);
        for (String bad : List.of(
                good.replace("AQID", "<script>"),
                good.replace("0.75", "75"),
                good.replace("1000", "-1000"),
                good.replace("\"title\"", "\"heading\""),
                good + "{}",
                good.substring(0, good.length() / 2))) {
            Files.writeString(record, bad);
            CommandRun.of("report", run, "-o", folder.resolve("page.html"))
                    .refused(record.toString())
                    .inOneLine();
        }
    }

    @Test
    void foldersWithoutARecordAreRefused() throws IOException {
        CommandRun.of("report", folder.resolve("none")).refused("none").inOneLine();
        CommandRun.of("report", folder).refused("run.json").inOneLine();
        Files.writeString(folder.resolve("metrics.csv"), "stage\n");
        CommandRun.of("report", folder).refused("not finished", "--resume").inOneLine();
        CommandRun.of("report").refused("RUN_DIR");
        Path run = run("r", report("a.onnx", 0.5));
        CommandRun.of("report", run, run).refused("twice").inOneLine();
        CommandRun.of("report", run, "-o", folder.resolve("no/p.html"))
                .refused("does not exist")
                .inOneLine();
    }

    @Test
    void trainAndPruneLeaveRecordsThatAgreeWithTheirFacts() throws IOException {
        Path data = folder.resolve("data");
        new SyntheticImages(16, 4, 2, 1).write(data);
        Path cache = folder.resolve("cache");
        Path dense = folder.resolve("dense.onnx");
        Path small = folder.resolve("small.onnx");
        JsonNode trained = CommandRun.of(
                        "train",
                        "--data",
                        data,
                        "--cache",
                        cache,
                        "--device",
                        "cpu",
                        "--model",
                        "kerasCnn",
                        "--width",
                        0.25,
                        "--epochs",
                        2,
                        "--batch-size",
                        8,
                        "--lr",
                        0.01,
                        "-o",
                        dense,
                        "--json")
                .json();
        assertThat(trained.get("seconds").asDouble()).isPositive();
        JsonNode pruned = CommandRun.of(
                        "prune",
                        dense,
                        "-o",
                        small,
                        "--data",
                        data,
                        "--cache",
                        cache,
                        "--device",
                        "cpu",
                        "--target",
                        0.5,
                        "--of",
                        "macs",
                        "--json")
                .json();
        RunReport training = RunRecord.read(Path.of(trained.get("runDir").asString()));
        assertThat(training.models().get(0).accuracy())
                .isEqualTo(trained.get("accuracy").asDouble());
        assertThat(training.curves().get(0).perEpoch()).hasSize(2);
        assertThat(training.facts().get("command")).contains("espalier train --data " + data, "--epochs 2");
        RunReport pruning = RunRecord.read(folder.resolve("small.onnx.run"));
        assertThat(pruning.models())
                .extracting(RunReport.ModelFacts::macs)
                .containsExactly(
                        pruned.at("/before/macs").asLong(),
                        pruned.at("/after/macs").asLong());
        assertThat(pruning.models())
                .extracting(RunReport.ModelFacts::accuracy)
                .containsExactly(
                        pruned.at("/accuracy/before").asDouble(),
                        pruned.at("/accuracy/after").asDouble());
        assertThat(pruning.slices())
                .extracting(RunReport.SliceAccuracy::name)
                .isEqualTo(SyntheticImages.CLASSES.stream()
                        .map(name -> "class " + name)
                        .toList());
        assertThat(pruning.layers()).allMatch(layer -> layer.after() <= layer.before() && layer.after() > 0);
        assertThat(pruning.facts().get("samples newly wrong"))
                .isEqualTo(pruning.newlyWrong().size() + " of 16");
        assertThat(pruning.newlyWrong()).noneMatch(wrong -> wrong.exhibits().isEmpty());
        String page = page(trained.get("runDir").asString(), folder.resolve("small.onnx.run"));
        assertThat(page).contains("<td>dense.onnx</td>", "<td>small.onnx</td>", "dense.onnx.run: training");
        assertThat(page.split("<td>dense.onnx</td>", -1)).hasSize(2);
    }
}
