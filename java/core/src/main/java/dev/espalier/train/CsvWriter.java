package dev.espalier.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes one line per epoch, the file whole after every epoch; a resumed run continues from the checkpoint's lines. */
public final class CsvWriter implements Listener {
    private static final String HEADER =
            "stage,epoch,batches,learning_rate,training_loss,training_accuracy,validation_loss,validation_accuracy,seconds";

    private final Path file;
    private final History history;

    /** Writes what {@code history}, which must be told of an epoch before this, remembers. */
    public CsvWriter(Path file, History history) {
        this.file = file;
        this.history = history;
    }

    @Override
    public void epochEnd(EpochReport report) {
        write();
    }

    @Override
    public void restore(Snapshot snapshot) {
        write();
    }

    private void write() {
        List<String> lines = new ArrayList<>();
        lines.add(HEADER);
        history.entries().forEach(entry -> lines.add(line(entry)));
        try {
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the training history to " + file, e);
        }
    }

    private static String line(History.Entry entry) {
        EpochReport report = entry.report();
        EpochReport.Scores validation = report.validation();
        return String.join(
                ",",
                entry.stage(),
                Integer.toString(report.epoch() + 1),
                Long.toString(report.batches()),
                Double.toString(report.learningRate()),
                Double.toString(report.training().loss()),
                Double.toString(report.training().accuracy()),
                validation == null ? "" : Double.toString(validation.loss()),
                validation == null ? "" : Double.toString(validation.accuracy()),
                String.format(Locale.ROOT, "%.3f", report.seconds()));
    }
}
