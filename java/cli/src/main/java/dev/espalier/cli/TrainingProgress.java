package dev.espalier.cli;

import dev.espalier.cli.watch.Pace;
import dev.espalier.train.EpochReport;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import dev.espalier.train.Snapshot;
import dev.espalier.train.StepReport;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Shows how training goes: a bar per epoch on a terminal, and a line for every epoch, with speed and time left. */
final class TrainingProgress implements Listener, AutoCloseable {
    private final Console console;
    private String stage = "";
    private int epochs;
    private int perEpoch;
    private Pace pace = new Pace(0, 1);
    private Sums sums = new Sums();
    private @Nullable Progress bar;

    TrainingProgress(Console console) {
        this.console = console;
    }

    /** Loss and accuracy over what this process has seen of an epoch. */
    private static final class Sums {
        private double loss;
        private double right;
        private long seen;

        void add(StepReport report) {
            loss += report.loss() * report.samples();
            right += report.accuracy() * report.samples();
            seen += report.samples();
        }

        @Override
        public String toString() {
            return scores(new EpochReport.Scores(loss / seen, right / seen));
        }
    }

    private static String scores(EpochReport.Scores scores) {
        String hidden = Double.isNaN(scores.hidden())
                ? ""
                : String.format(Locale.ROOT, " (%.2f %% with modalities hidden)", 100 * scores.hidden());
        return String.format(Locale.ROOT, "loss %.4f accuracy %.2f %%", scores.loss(), 100 * scores.accuracy())
                + hidden;
    }

    private static String rate(double learningRate) {
        return String.format(Locale.ROOT, ", lr %.3g", learningRate);
    }

    @Override
    public void stageBegin(String name, Recipe recipe, int batches) {
        close();
        stage = name;
        epochs = recipe.length().epochs();
        perEpoch = batches;
        pace = new Pace(epochs, perEpoch);
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
        pace.batch(report.batches(), report.samples(), System.nanoTime());
        if (!console.terminal()) {
            return;
        }
        long epoch = (report.batches() - 1) / perEpoch;
        if (bar == null) {
            sums = new Sums();
            bar = Progress.start(console, stage + " epoch " + (epoch + 1) + "/" + epochs, perEpoch);
        }
        sums.add(report);
        bar.at(report.batches() - epoch * perEpoch, sums + rate(report.learningRate()) + pace);
    }

    @Override
    public void epochEnd(EpochReport report) {
        close();
        pace.epoch(System.nanoTime());
        EpochReport.Scores held = report.validation();
        console.err()
                .println(stage + " epoch " + (report.epoch() + 1) + "/" + epochs + ": " + scores(report.training())
                        + (held == null ? "" : ", validation " + scores(held))
                        + rate(report.learningRate())
                        + String.format(Locale.ROOT, ", %.1f s", report.seconds())
                        + pace);
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
