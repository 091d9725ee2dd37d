package dev.espalier.cli;

import dev.espalier.runtime.Backend;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Processor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.Versions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/** What this machine offers, what is missing, and the command that mends it. */
@Command(name = "doctor", description = "Show versions, devices and kernels, and how to mend what is missing.")
final class DoctorCommand extends Subcommand {
    private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

    DoctorCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(
            Map<String, String> versions,
            Machine machine,
            List<String> devices,
            List<BackendFacts> backends,
            List<Missing> missing) {}

    /** The machine; {@code driver} is empty where there is no NVIDIA driver. */
    record Machine(String cpu, int processors, int threads, String blas, String driver) {}

    /** One family of kernels; {@code cause} says why it cannot run. */
    record BackendFacts(String name, boolean available, String cause, List<String> kernels) {}

    /** Something that would make more possible, why it does not work, and the command that mends it. */
    record Missing(String what, String cause, String command) {}

    @Override
    void run() {
        Versions versions = Versions.current();
        Facts facts = new Facts(
                versions(versions),
                new Machine(
                        Processor.name(),
                        Runtime.getRuntime().availableProcessors(),
                        Threads.count(),
                        blas(versions),
                        driver()),
                Device.all().stream().map(Device::toString).toList(),
                Arrays.stream(Backend.values()).map(DoctorCommand::facts).toList(),
                missing());
        json.print(console, facts, () -> print(facts));
    }

    private static Map<String, String> versions(Versions versions) {
        Map<String, String> all = new TreeMap<>();
        all.put("espalier", Espalier.Version.text());
        all.put("java", Runtime.version().toString());
        all.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        all.put("libtorch", versions.libtorch());
        all.put("javacpp", versions.javacpp());
        all.put("kernels", versions.kernels());
        all.put("openblas", versions.blas());
        return all;
    }

    private static String blas(Versions versions) {
        return versions.build()
                .lines()
                .flatMap(line -> Arrays.stream(line.split(",")))
                .map(String::strip)
                .filter(setting ->
                        setting.startsWith("BLAS_INFO=") || setting.contains("oneDNN") || setting.contains("MKL-DNN"))
                .map(setting -> setting.startsWith("- ") ? setting.substring(2) : setting)
                .reduce((a, b) -> a + ", " + b)
                .orElse("unknown");
    }

    private static String driver() {
        try (Stream<String> lines = Files.lines(DRIVER)) {
            return lines.findFirst().orElse("").strip();
        } catch (IOException e) {
            return "";
        }
    }

    private static BackendFacts facts(Backend backend) {
        return new BackendFacts(
                backend.name(), backend.available(), backend.cause().orElse(""), backend.kernels());
    }

    private static List<Missing> missing() {
        String mend = driver().isEmpty()
                ? "sudo apt-get install nvidia-driver (version 580 or newer; only on a machine with an NVIDIA GPU)"
                : "export LD_LIBRARY_PATH to the folders of CUDA 13, cuDNN 9 and NCCL 2, then start ./espalier again";
        List<Missing> missing = new ArrayList<>();
        Versions.cudaCause()
                .ifPresent(cause -> missing.add(new Missing("training and inference on a GPU", cause, mend)));
        Versions.oneDnnCause()
                .ifPresent(cause -> missing.add(new Missing(
                        "fast dense convolutions on the CPU",
                        cause,
                        "use another (virtual) machine; results are right, but slower, see docs/decisions/0008")));
        Backend.CUDA.cause().ifPresent(cause -> missing.add(new Missing("our kernels on a GPU", cause, mend)));
        return missing;
    }

    private void print(Facts facts) {
        PrintWriter out = console.out();
        Table table = new Table();
        facts.versions().forEach(table::row);
        table.row("cpu", facts.machine().cpu())
                .row("processors", facts.machine().processors())
                .row("threads used", facts.machine().threads())
                .row("blas", facts.machine().blas())
                .row(
                        "nvidia driver",
                        facts.machine().driver().isEmpty()
                                ? "none"
                                : facts.machine().driver())
                .row("devices", String.join(", ", facts.devices()));
        table.print(out);
        out.println();
        for (BackendFacts backend : facts.backends()) {
            out.println("kernels " + backend.name() + ": "
                    + (backend.available() ? "available" : "not available: " + backend.cause()));
            backend.kernels().forEach(kernel -> out.println("  " + kernel));
        }
        out.println();
        if (facts.missing().isEmpty()) {
            out.println("Nothing is missing.");
        }
        facts.missing()
                .forEach(thing -> out.println(
                        "missing: " + thing.what() + ": " + thing.cause() + "\n  mend with: " + thing.command()));
    }
}
