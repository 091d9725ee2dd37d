package dev.espalier.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.espalier.formats.AtomicFile;
import dev.espalier.runtime.Processor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.Versions;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Our kernels beside the vendor's, on the CPU, on layers of well-known networks. */
@Command(
        name = "kernels",
        description = "Time our CPU kernels beside oneDNN or libtorch, on layers of well-known networks.")
final class BenchKernelsCommand extends Subcommand {
    @Option(
            names = "--layers",
            paramLabel = "REGEX",
            defaultValue = "",
            description = "Layers to time, by a part of their label (default: all); '-' for none.")
    private String layers = "";

    @Option(
            names = "--batch",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,32,128",
            description = "Batch sizes (default: 1,32,128).")
    private int[] batches = {};

    @Option(
            names = "--sparsity",
            paramLabel = "X",
            split = ",",
            defaultValue = "0,0.5,0.7,0.8,0.9,0.95,0.98",
            description = "Shares of zeros, in [0, 1) (default: 0,0.5,0.7,0.8,0.9,0.95,0.98).")
    private double[] sparsities = {};

    @Option(
            names = "--weights",
            paramLabel = "N",
            defaultValue = "25600000",
            description = "Length of the arrays that are scored, selected from, masked and gathered, in whole thousands"
                    + " (default: 25600000, the weights of a ResNet-50).")
    private long weights;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "2",
            description = "Time for each layer and batch size (default: 2); at least five rounds are run.")
    private double seconds;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE.json",
            description = "Write the facts to this file as well.")
    private @Nullable Path output;

    BenchKernelsCommand(Console console) {
        super(console);
    }

    /**
     * The facts, in the form of the JSON output.
     *
     * @param date of the run, UTC
     * @param machine processor, its limits as measured, and the threads in use
     * @param skipped layers and batches that this machine has not the memory for
     */
    record Facts(String date, Machine machine, List<KernelRow> results, List<String> skipped) {}

    /** {@code gigaflops} of a large matrix product, {@code gigabytes} per second of a large copy. */
    record Machine(String cpu, int threads, String libtorch, String kernels, double gigaflops, double gigabytes) {}

    @Override
    void run() {
        if (seconds <= 0
                || Arrays.stream(batches).anyMatch(b -> b < 1)
                || Arrays.stream(sparsities).anyMatch(s -> !(s >= 0 && s < 1))) {
            throw new BadInput("expected positive --seconds and --batch and --sparsity in [0, 1), got " + seconds + ", "
                    + Arrays.toString(batches) + " and " + Arrays.toString(sparsities));
        }
        if (weights < 1000 || weights % 1000 != 0) {
            throw new BadInput("--weights must be a positive multiple of 1000, got " + weights);
        }
        List<BenchLayer> chosen = chosen();
        Roofline roofline = Roofline.measure();
        List<KernelRow> rows = new ArrayList<>(new ArrayKernels(weights, roofline, seconds).run());
        List<String> skipped = new ArrayList<>();
        long memory = memory();
        try (Progress progress = Progress.start(console, "layers", (long) chosen.size() * batches.length)) {
            long done = 0;
            for (BenchLayer layer : chosen) {
                for (int batch : batches) {
                    if (layer.memory(batch) > memory) {
                        skipped.add(layer.label() + ", batch " + batch + ": needs about " + (layer.memory(batch) >> 30)
                                + " GiB");
                        progress.at(++done);
                        continue;
                    }
                    rows.addAll(new ConvolutionKernels(layer, batch, roofline, seconds).run(sparsities));
                    progress.at(++done);
                }
            }
        }
        Versions versions = Versions.current();
        Machine machine = new Machine(
                Processor.name(),
                Threads.count(),
                versions.libtorch(),
                versions.kernels(),
                roofline.gigaflops(),
                roofline.gigabytes());
        Facts facts = new Facts(LocalDate.now(ZoneOffset.UTC).toString(), machine, rows, skipped);
        if (output != null) {
            AtomicFile.write(output, (JsonOption.text(facts) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        json.print(console, facts, () -> print(facts));
    }

    private List<BenchLayer> chosen() {
        if (layers.equals("-")) {
            return List.of();
        }
        try {
            Pattern wanted = Pattern.compile(layers);
            List<BenchLayer> chosen = BenchLayer.ALL.stream()
                    .filter(layer -> wanted.matcher(layer.label()).find())
                    .toList();
            if (chosen.isEmpty()) {
                throw new BadInput("--layers '" + layers + "' matches none of "
                        + BenchLayer.ALL.stream().map(BenchLayer::label).toList());
            }
            return chosen;
        } catch (PatternSyntaxException e) {
            throw new BadInput("--layers: " + e.getDescription() + " in '" + layers + "'");
        }
    }

    private void print(Facts facts) {
        PrintWriter out = console.out();
        Machine machine = facts.machine();
        out.printf(
                "%s, %d threads; at most %.0f GFLOP/s and %.1f GB/s%n",
                machine.cpu(), machine.threads(), machine.gigaflops(), machine.gigabytes());
        Table table = new Table()
                .row("case", "batch", "sparsity", "kernel", "ms", "baseline", "baseline ms", "ratio", "of roofline");
        facts.results()
                .forEach(r -> table.row(
                        r.work(),
                        r.batch(),
                        r.sparsity(),
                        r.kernel(),
                        r.millis(),
                        r.baseline(),
                        r.baselineMillis(),
                        r.ratio(),
                        r.ofRoofline()));
        table.print(out);
        facts.skipped().forEach(what -> out.println("skipped " + what));
    }

    /** What may be used of the machine's memory, or of the container's. */
    private static long memory() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return system.getTotalMemorySize() / 4 * 3;
    }
}
