package dev.espalier.cli;

import dev.espalier.formats.AtomicFile;
import dev.espalier.report.ReportPage;
import dev.espalier.report.RunReport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** One page about one or more finished runs. */
@Command(name = "report", description = "Write an HTML page about one or more runs; it needs no network.")
final class ReportCommand extends Subcommand {
    @Parameters(arity = "1..*", paramLabel = "RUN_DIR", description = "Run folders of train or prune.")
    private List<Path> folders = new ArrayList<>();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT.html",
            defaultValue = "report.html",
            description = "The page to write (default: report.html).")
    private Path page = Path.of("");

    ReportCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(String report) {}

    @Override
    void run() {
        Map<String, RunReport> runs = new LinkedHashMap<>();
        for (Path folder : folders) {
            if (runs.put(name(folder), RunRecord.read(folder)) != null) {
                throw new BadInput(folder + " is given twice; name each run once");
            }
        }
        String html = ReportPage.render(new MergedRuns(runs).report());
        AtomicFile.write(page, html.getBytes(StandardCharsets.UTF_8));
        Facts facts = new Facts(page.toAbsolutePath().normalize().toString());
        json.print(console, facts, () -> console.out().println(facts.report()));
    }

    /** The folder's own name, or its whole path where several have that name. */
    private String name(Path folder) {
        boolean shared =
                folders.stream().filter(f -> last(f).equals(last(folder))).count() > 1;
        return shared ? folder.toAbsolutePath().normalize().toString() : last(folder);
    }

    private static String last(Path folder) {
        Path name = folder.toAbsolutePath().normalize().getFileName();
        return name == null ? folder.toString() : name.toString();
    }
}
