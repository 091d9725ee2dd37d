package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.report.ReportPage;
import dev.espalier.report.RunReport;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The pages as a reader has them, in a real browser; skipped where there is none.
 *
 * <p>{@code -Despalier.screenshots=DIR} also writes pictures of them, of a longer run.
 */
@NoLeaks
class PagesInBrowserTest {
    private static final int PHONE = 360;
    private static final @Nullable String SCREENSHOTS = System.getProperty("espalier.screenshots");
    private static final Pattern ADDRESS = Pattern.compile("watch this run at (\\S+)");

    @TempDir
    static Path profile = Path.of("");

    @TempDir
    Path folder = Path.of("");

    private static @Nullable Browser browser;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        browser = Browser.start(profile);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    private static BrowserPage page() {
        if (browser == null) {
            throw new IllegalStateException("the browser has not started");
        }
        return browser.page(PHONE, 780);
    }

    /** Lines on standard error, each heard by the thread that writes it before it goes on. */
    private static final class Heard extends StringWriter {
        private final Consumer<String> hearer;
        private int told;

        Heard(Consumer<String> hearer) {
            this.hearer = hearer;
        }

        @Override
        public void flush() {
            String all = toString();
            int end = all.lastIndexOf('\n') + 1;
            String fresh = all.substring(told, Math.max(told, end));
            told = Math.max(told, end);
            fresh.lines().forEach(hearer);
        }
    }

    private static void run(Consumer<String> hearer, Object... args) {
        Writer err = new Heard(hearer);
        Console console = new Console(new PrintWriter(new StringWriter()), new PrintWriter(err, true), false);
        String[] texts = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        assertThat(Espalier.run(console, texts)).as(err.toString()).isZero();
    }

    private Path data() {
        Path data = folder.resolve("data");
        (SCREENSHOTS == null ? new SyntheticImages(16, 8, 2, 1) : SyntheticImages.standard(1)).write(data);
        return data;
    }

    private Object[] training(Path data, Path out) {
        return new Object[] {
            "train",
            "--data",
            data,
            "--cache",
            folder.resolve("cache"),
            "--device",
            "cpu",
            "--model",
            "kerasCnn",
            "--width",
            SCREENSHOTS == null ? 0.25 : 1,
            "--epochs",
            SCREENSHOTS == null ? 3 : 14,
            "--batch-size",
            SCREENSHOTS == null ? 8 : 32,
            "--optimizer",
            "adamw",
            "--lr",
            0.002,
            "--validation-fraction",
            0.25,
            "-o",
            out,
            "--watch",
            0
        };
    }

    private Object[] pruning(Path data, Path model, Path out) {
        return new Object[] {
            "prune",
            model,
            "-o",
            out,
            "--data",
            data,
            "--cache",
            folder.resolve("cache"),
            "--device",
            "cpu",
            "--target",
            0.6,
            "--of",
            "macs",
            "--prune-schedule",
            "linear",
            "--finetune-epochs",
            SCREENSHOTS == null ? 3 : 10,
            "--watch",
            0
        };
    }

    /** Opens the page when the run tells where it is; {@code after} hears every line from then on. */
    private static Consumer<String> watching(BrowserPage page, Consumer<String> after) {
        return line -> {
            Matcher address = ADDRESS.matcher(line);
            if (address.matches()) {
                page.open(URI.create(address.group(1)));
                page.await("document.getElementById('status').textContent === 'running'");
            } else {
                after.accept(line);
            }
        };
    }

    private static String points(String figure) {
        return "[...document.querySelectorAll('figure')].filter(f => f.querySelector('figcaption').textContent === '"
                + figure
                + "').reduce((n, f) => n + [...f.querySelectorAll('polyline')].map(p => p.getAttribute('points').split(' ').length)"
                + ".reduce((a, b) => a + b, 0), 0)";
    }

    private static void assertReadable(BrowserPage page) {
        for (String scheme : List.of("light", "dark")) {
            page.prefer(scheme);
            page.resize(PHONE, 780, 1);
            assertThat(page.width()).isLessThanOrEqualTo(PHONE);
            page.resize(1280, 900, 1);
            assertThat(page.width()).isLessThanOrEqualTo(1280);
        }
        page.prefer("light");
        String light =
                page.evaluate("getComputedStyle(document.body).backgroundColor").asString();
        page.prefer("dark");
        assertThat(page.evaluate("getComputedStyle(document.body).backgroundColor")
                        .asString())
                .isNotEqualTo(light);
        assertThat(page.problems()).isEmpty();
    }

    /** Pictures if they are wanted, without the facts of a report, which name folders of this machine. */
    private static void photograph(BrowserPage page, String name) throws IOException {
        if (SCREENSHOTS == null) {
            return;
        }
        for (boolean phone : new boolean[] {false, true}) {
            page.prefer(phone ? "dark" : "light");
            page.resize(phone ? PHONE : 1100, phone ? 780 : 860, phone ? 1.5 : 1);
            page.await(
                    "window.shown === undefined && (window.shown = false, requestAnimationFrame(() => requestAnimationFrame(()"
                            + " => { if (document.querySelector('main > h2')) document.querySelector('main > h2').scrollIntoView();"
                            + " window.shown = true })), true)");
            page.await("window.shown");
            page.evaluate("delete window.shown");
            page.photograph(Path.of(SCREENSHOTS, name + (phone ? "-phone.png" : "-desktop.png")));
        }
    }

    @Test
    void aRunIsWatchedFromItsBeginningToItsEnd() throws IOException {
        Path data = data();
        Path dense = folder.resolve("dense.onnx");
        BrowserPage training = page();
        run(
                watching(training, line -> {
                    if (line.contains("train epoch 2/")) {
                        training.await(points("Loss") + " > 10");
                        training.await(points("Accuracy") + " > 10");
                        training.await("document.querySelectorAll('#slices tbody tr').length === 8");
                    }
                }),
                training(data, dense));
        training.await("document.getElementById('status').textContent === 'The run has ended.'");
        String epochs = SCREENSHOTS == null ? "3 of 3" : "14 of 14";
        assertThat(training.text())
                .contains(
                        "Training of dense.onnx",
                        "train",
                        epochs,
                        "Loss",
                        "Learning rate",
                        "class " + SyntheticImages.CLASSES.get(0))
                .doesNotContain("Removed by pruning", "NaN", "undefined");
        assertReadable(training);

        BrowserPage pruning = page();
        run(watching(pruning, line -> {}), pruning(data, dense, folder.resolve("small.onnx")));
        pruning.await("document.getElementById('status').textContent === 'The run has ended.'");
        assertThat(pruning.text())
                .contains("Pruning to small.onnx", "fine-tune", "Removed by pruning", "60.0 %", "compacted from")
                .doesNotContain("NaN", "undefined");
        assertReadable(pruning);
        photograph(pruning, "watch");
        reportIsReadable(List.of(folder.resolve("dense.onnx.run"), folder.resolve("small.onnx.run")));
    }

    /** A report needs nothing but its file. */
    private void reportIsReadable(List<Path> runs) throws IOException {
        Path report = folder.resolve("report.html");
        run(line -> {}, "report", runs.get(0), runs.get(1), "-o", report);
        BrowserPage page = page();
        page.offline();
        page.open(report.toUri());
        assertThat(page.text()).contains("Before and after", "dense.onnx", "small.onnx", "Accuracy per slice");
        assertThat(page.requests()).allMatch(address -> address.startsWith("file:"));
        assertReadable(page);
        photograph(page, "report");
    }

    /** Pruned without being trained again, a model is wrong where it was right. */
    @Test
    void samplesThatWentWrongAreSeenHeardAndRead() throws IOException {
        Path manifest = ToyRows.write(folder);
        Path dense = folder.resolve("dense.onnx");
        Object cache = folder.resolve("cache");
        run(
                line -> {},
                "train",
                "--data",
                manifest,
                "--cache",
                cache,
                "--model",
                "fused",
                "--width",
                0.25,
                "--epochs",
                6,
                "--batch-size",
                8,
                "--optimizer",
                "adamw",
                "--lr",
                0.01,
                "-o",
                dense);
        Path small = folder.resolve("small.onnx");
        run(line -> {}, "prune", dense, "--data", manifest, "--cache", cache, "--target", 0.9, "-o", small);
        Path report = folder.resolve("report.html");
        run(line -> {}, "report", dense + ".run", small + ".run", "-o", report);
        BrowserPage page = page();
        page.offline();
        page.open(report.toUri());
        assertThat(page.evaluate("document.querySelectorAll('.sample audio').length")
                        .asInt())
                .isPositive()
                .isEqualTo(page.evaluate("document.querySelectorAll('.sample img').length")
                        .asInt());
        page.await("[...document.images].every(i => i.complete && i.naturalWidth > 0)");
        page.evaluate("document.querySelectorAll('audio').forEach(a => { a.preload = 'auto'; a.load(); })");
        page.await("[...document.querySelectorAll('audio')].every(a => Math.abs(a.duration - 0.2) < 0.01)");
        assertThat(page.text())
                .contains(
                        "Right before pruning, wrong after", "is out on hill", "size: ", "only photo", "without sound");
        assertThat(page.requests()).allMatch(address -> address.startsWith("file:"));
        assertReadable(page);
    }

    @Test
    void aRunThatFailsSaysSoOnThePage() throws IOException {
        Path data = data();
        Files.writeString(data.resolve("train/" + SyntheticImages.CLASSES.get(0) + "/0000.png"), "no picture");
        BrowserPage page = page();
        Writer err = new Heard(watching(page, line -> {}));
        Console console = new Console(new PrintWriter(new StringWriter()), new PrintWriter(err, true), false);
        Object[] args = training(data, folder.resolve("dense.onnx"));
        String[] texts =
                Arrays.copyOf(Arrays.stream(args).map(Object::toString).toArray(String[]::new), args.length + 2);
        texts[args.length] = "--on-corrupt";
        texts[args.length + 1] = "fail";
        assertThat(Espalier.run(console, texts)).isEqualTo(ExitCode.BAD_INPUT);
        page.await("document.getElementById('status').textContent.startsWith('The run has failed: ')");
        assertThat(page.text()).contains("0000.png");
        assertThat(page.width()).isLessThanOrEqualTo(PHONE);
        assertThat(page.problems()).isEmpty();
    }

    /** What the other tests look for is found where it is. */
    @Test
    void aPageWithFaultsIsFoundOut() throws IOException {
        Path faulty = Files.writeString(
                folder.resolve("faulty.html"),
                "<!doctype html><meta name=viewport content='width=device-width'><p style='width:500px'>wide</p>"
                        + "<img src=none.png><script>console.error('said'); throw new Error('thrown')</script>");
        BrowserPage page = page();
        page.open(faulty.toUri());
        assertThat(page.width()).isEqualTo(508);
        page.await("document.images[0].complete");
        assertThat(page.problems())
                .anyMatch(problem -> problem.contains("said"))
                .anyMatch(problem -> problem.contains("thrown"))
                .anyMatch(problem -> problem.contains("ERR_FILE_NOT_FOUND"));
        assertThat(page.requests()).hasSize(2);
    }

    /** Long names, numbers of many digits, sounds and texts. */
    @Test
    void whateverARunIsAboutItsReportFitsAPhone() throws IOException {
        String endless = "x".repeat(300);
        RunReport report = new RunReport(
                endless,
                Map.of(endless, endless, "command", "espalier train --data " + endless),
                List.of(
                        new RunReport.ModelFacts(endless, Long.MAX_VALUE, Long.MAX_VALUE, 0.5, 0.5, 1e9),
                        new RunReport.ModelFacts("small", 1, 1, 1, 0, Double.NaN)),
                List.of(new RunReport.Curve("loss", endless, List.of(1e9, 1e-9))),
                List.of(new RunReport.LayerChannels(endless, Integer.MAX_VALUE, 0)),
                List.of(new RunReport.SliceAccuracy(endless, Integer.MAX_VALUE, 1, 0)),
                Collections.nCopies(9, new RunReport.Step(endless, Map.of(endless, 1.0))),
                List.of(new RunReport.NewlyWrong(
                        endless,
                        endless,
                        endless,
                        List.of(
                                new RunReport.Exhibit(RunReport.Exhibit.Kind.TEXT, endless.repeat(20)),
                                new RunReport.Exhibit(RunReport.Exhibit.Kind.SOUND, "")))));
        Path file = Files.writeString(folder.resolve("report.html"), ReportPage.render(report));
        BrowserPage page = page();
        page.open(file.toUri());
        assertReadable(page);
    }
}
