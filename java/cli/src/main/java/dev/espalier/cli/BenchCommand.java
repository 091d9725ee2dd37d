package dev.espalier.cli;

import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The latency of models, measured in turns so that a busy machine slows all alike. */
@Command(name = "bench", description = "Measure the latency of one or more models, interleaved.")
final class BenchCommand extends Subcommand {
    private static final int WARM_UP = 5;

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Parameters(
            paramLabel = "MODEL.onnx",
            arity = "1..*",
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
        if (repeats < 1 || Arrays.stream(batches).anyMatch(batch -> batch < 1)) {
            throw new BadInput(
                    "--repeats and --batch must be at least 1, got " + repeats + " and " + Arrays.toString(batches));
        }
        Device on = device.device();
        List<Model> models = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        try {
            files.forEach(file -> models.add(Onnx.read(file)));
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
        List<Session> sessions = new ArrayList<>();
        double[][] millis = new double[models.size()][repeats];
        Rng.seed(1);
        try (Scope scope = Scope.open();
                Progress progress = Progress.start(console, "batch " + batch, repeats)) {
            models.forEach(model -> sessions.add(Session.of(model, on)));
            List<Map<String, Tensor>> inputs = new ArrayList<>();
            for (Model model : models) {
                inputs.add(sample(model, batch, on));
            }
            for (int turn = -WARM_UP; turn < repeats; turn++) {
                for (int i = 0; i < sessions.size(); i++) {
                    double time = time(sessions.get(i), inputs.get(i));
                    if (turn >= 0) {
                        millis[i][turn] = time;
                    }
                }
                progress.at(Math.max(0, turn + 1));
            }
        } finally {
            sessions.forEach(Session::close);
        }
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < millis.length; i++) {
            Arrays.sort(millis[i]);
            double median = quantile(millis[i], 0.5);
            rows.add(new Row(
                    files.get(i).toString(),
                    batch,
                    repeats,
                    median,
                    quantile(millis[i], 0.1),
                    quantile(millis[i], 0.9),
                    quantile(millis[0], 0.5) / median));
        }
        return rows;
    }

    private static Map<String, Tensor> sample(Model model, int batch, Device on) {
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        model.graph().inputs().forEach((name, type) -> inputs.put(name, sample(type, batch, on)));
        return inputs;
    }

    private static Tensor sample(TensorType type, int batch, Device on) {
        long[] shape = type.shape().toArray();
        if (shape.length > 0 && shape[0] == -1) {
            shape[0] = batch;
        }
        return Tensor.randn(on, shape).to(type.dtype());
    }

    /** Milliseconds until the outputs are back on the host. */
    private static double time(Session session, Map<String, Tensor> inputs) {
        long begun = System.nanoTime();
        try (Scope scope = Scope.open()) {
            session.run(inputs).values().forEach(Tensor::toBytes);
        }
        return (System.nanoTime() - begun) / 1e6;
    }

    /** Linear interpolation between the two nearest ranks. */
    private static double quantile(double[] sorted, double share) {
        double rank = share * (sorted.length - 1);
        int below = (int) Math.floor(rank);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
    }

    private void print(Facts facts) {
        console.out().println(facts.device() + ", " + facts.threads() + " threads, milliseconds per batch");
        Table table = new Table().row("model", "batch", "median", "p10", "p90", "speed-up");
        facts.results()
                .forEach(row -> table.row(row.model(), row.batch(), row.median(), row.p10(), row.p90(), row.speedup()));
        table.print(console.out());
    }
}
