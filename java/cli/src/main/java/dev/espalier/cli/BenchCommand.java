package dev.espalier.cli;

import dev.espalier.formats.ModelFile;
import dev.espalier.model.Model;
import dev.espalier.pipeline.LatencyRace;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Threads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The latency of models, measured in turns so that a busy machine slows all alike. */
@Command(
        name = "bench",
        description = "Measure the latency of one or more models, interleaved; or, with 'kernels', our kernels.",
        subcommands = BenchKernelsCommand.class)
final class BenchCommand extends Subcommand {
    @Mixin
    private DeviceOption device = new DeviceOption();

    @Parameters(
            paramLabel = "MODEL.onnx",
            arity = "0..*",
            description = "Models with the same inputs, for instance dense and pruned; the first is the baseline.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--batch",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,32",
            description = "Batch sizes (default: 1,32).")
    private int[] batches = {1, 32};

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "50",
            description = "Runs per model and batch size (default: 50).")
    private int repeats;

    BenchCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(String device, int threads, List<Row> results) {}

    /** Times in milliseconds of one model at one batch size; {@code speedup} is the baseline's median over this one's. */
    record Row(String model, int batch, int repeats, double median, double p10, double p90, double speedup) {}

    @Override
    void run() {
        if (files.isEmpty()) {
            throw new BadInput("expected one or more models, or 'kernels', got none (see espalier bench --help)");
        }
        if (repeats < 1 || Arrays.stream(batches).anyMatch(batch -> batch < 1)) {
            throw new BadInput(
                    "--repeats and --batch must be at least 1, got " + repeats + " and " + Arrays.toString(batches));
        }
        Device on = device.device();
        List<Model> models = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        try {
            files.forEach(file -> models.add(ModelFile.read(file)));
            for (int batch : batches) {
                rows.addAll(measure(models, batch, on));
            }
        } finally {
            models.forEach(Model::close);
        }
        Facts facts = new Facts(on.toString(), Threads.count(), rows);
        json.print(console, facts, () -> print(facts));
    }

    private List<Row> measure(List<Model> models, int batch, Device on) {
        List<double[]> times;
        try (Progress progress = Progress.start(console, "batch " + batch, repeats)) {
            times = new LatencyRace(batch, repeats, on).run(models, progress::at);
        }
        double baseline = LatencyRace.quantile(times.get(0), 0.5);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < times.size(); i++) {
            double[] sorted = times.get(i);
            double median = LatencyRace.quantile(sorted, 0.5);
            rows.add(new Row(
                    files.get(i).toString(),
                    batch,
                    repeats,
                    median,
                    LatencyRace.quantile(sorted, 0.1),
                    LatencyRace.quantile(sorted, 0.9),
                    baseline / median));
        }
        return rows;
    }

    private void print(Facts facts) {
        console.out().println(facts.device() + ", " + facts.threads() + " threads, milliseconds per batch");
        Table table = new Table().row("model", "batch", "median", "p10", "p90", "speed-up");
        facts.results()
                .forEach(row -> table.row(row.model(), row.batch(), row.median(), row.p10(), row.p90(), row.speedup()));
        table.print(console.out());
    }
}
