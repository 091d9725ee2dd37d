package dev.espalier.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes one line per epoch; a resumed run drops the lines that its checkpoint does not know and goes on. */
public final class CsvWriter implements Listener {
    private static final String HEADER =
            "stage,epoch,batches,learning_rate,training_loss,training_accuracy,validation_loss,validation_accuracy,"
                    + "validation_accuracy_hidden,seconds";

    private final Path file;
    private final List<String> lines = new ArrayList<>(List.of(HEADER));
    private String stage = "train";

    /** Writes to {@code file}, whose folder exists. */
    public CsvWriter(Path file) {
        this.file = file;
    }

    @Override
    public void stageBegin(String name, Recipe recipe, int perEpoch) {
        stage = name;
    }

    @Override
    public void epochEnd(EpochReport report) {
        lines.add(line(report));
        write();
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        snapshot.fact("csv/lines", lines.size());
    }

    @Override
    public void restore(Snapshot snapshot) {
        try {
            List<String> written = Files.exists(file) ? Files.readAllLines(file) : lines;
            List<String> known = written.subList(0, Math.min(written.size(), snapshot.integer("csv/lines")));
            lines.clear();
            lines.addAll(known);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the training history in " + file, e);
        }
        write();
    }

    private void write() {
        try {
            Path whole = file.resolveSibling(file.getFileName() + ".part");
            Files.write(whole, lines);
            Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the training history to " + file, e);
        }
    }

    private String line(EpochReport report) {
        EpochReport.Scores validation = report.validation();
        return String.join(
                ",",
                stage,
                Integer.toString(report.epoch() + 1),
                Long.toString(report.batches()),
                Double.toString(report.learningRate()),
                Double.toString(report.training().loss()),
                Double.toString(report.training().accuracy()),
                validation == null ? "" : Double.toString(validation.loss()),
                validation == null ? "" : Double.toString(validation.accuracy()),
                validation == null || Double.isNaN(validation.hidden()) ? "" : Double.toString(validation.hidden()),
                String.format(Locale.ROOT, "%.3f", report.seconds()));
    }
}
