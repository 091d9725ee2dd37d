package dev.espalier.cli;

import dev.espalier.train.EpochReport;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import dev.espalier.train.Snapshot;
import dev.espalier.train.StepReport;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Shows how training goes: a bar per epoch on a terminal, and a line for every epoch. */
final class TrainingProgress implements Listener, AutoCloseable {
    private final Console console;
    private String stage = "";
    private int epochs;
    private int perEpoch;
    private @Nullable Progress bar;
    private int barEpoch = -1;

    TrainingProgress(Console console) {
        this.console = console;
    }

    @Override
    public void stageBegin(String name, Recipe recipe, int batches) {
        close();
        stage = name;
        epochs = recipe.length().epochs();
        perEpoch = batches;
    }

    @Override
    public void restore(Snapshot snapshot) {
        close();
    }

    @Override
    public void note(String line) {
        close();
        console.err().println(line);
    }

    @Override
    public void stepEnd(StepReport report) {
        if (!console.terminal()) {
            return;
        }
        int epoch = (int) ((report.batches() - 1) / perEpoch);
        if (bar == null || epoch != barEpoch) {
            close();
            barEpoch = epoch;
            bar = Progress.start(console, stage + " epoch " + (epoch + 1) + "/" + epochs, perEpoch);
        }
        bar.at(report.batches() - (long) epoch * perEpoch);
    }

    @Override
    public void epochEnd(EpochReport report) {
        close();
        EpochReport.Scores held = report.validation();
        String validation = held == null
                ? ""
                : String.format(
                        Locale.ROOT, ", validation loss %.4f accuracy %.2f %%", held.loss(), 100 * held.accuracy());
        console.err()
                .println(String.format(
                        Locale.ROOT,
                        "%s epoch %d/%d: loss %.4f accuracy %.2f %%%s, %.1f s",
                        stage,
                        report.epoch() + 1,
                        epochs,
                        report.training().loss(),
                        100 * report.training().accuracy(),
                        validation,
                        report.seconds()));
        console.err().flush();
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
