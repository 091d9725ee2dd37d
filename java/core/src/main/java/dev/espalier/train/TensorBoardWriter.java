package dev.espalier.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes the loss and learning rate of batches, and the scores of epochs, as TensorBoard events. */
public final class TensorBoardWriter implements Listener, AutoCloseable {
    private final EventFile events;
    private final long every;
    private long offset;
    private long last;

    /** Writes into {@code directory}; of batches, every {@code every}-th. */
    public TensorBoardWriter(Path directory, int every) {
        Bounds.atLeast("every", every, 1);
        this.every = every;
        try {
            this.events = EventFile.create(directory, now());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write TensorBoard events to " + directory, e);
        }
    }

    private static double now() {
        return System.currentTimeMillis() / 1e3;
    }

    /** Batches of a further stage are counted on from the last one of the stage before. */
    @Override
    public void stageBegin(String name, Recipe recipe, int perEpoch) {
        offset = last;
    }

    @Override
    public void stepEnd(StepReport report) {
        last = offset + report.batches();
        if (report.batches() % every == 0) {
            add(Map.of("batch/loss", report.loss(), "batch/learning rate", report.learningRate()));
        }
    }

    @Override
    public void epochEnd(EpochReport report) {
        last = offset + report.batches();
        Map<String, Double> scalars = new LinkedHashMap<>();
        scalars.put("loss/training", report.training().loss());
        scalars.put("accuracy/training", report.training().accuracy());
        EpochReport.Scores validation = report.validation();
        if (validation != null) {
            scalars.put("loss/validation", validation.loss());
            scalars.put("accuracy/validation", validation.accuracy());
            if (!Double.isNaN(validation.hidden())) {
                scalars.put("accuracy/validation hidden", validation.hidden());
            }
        }
        scalars.put("time/epoch seconds", report.seconds());
        add(scalars);
    }

    private void add(Map<String, Double> scalars) {
        try {
            events.add(now(), last, scalars);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write TensorBoard events", e);
        }
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        snapshot.fact("events/offset", offset).fact("events/last", last);
    }

    @Override
    public void restore(Snapshot snapshot) {
        offset = snapshot.wholeNumber("events/offset");
        last = snapshot.wholeNumber("events/last");
        try {
            events.restart(now(), last + 1);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write TensorBoard events", e);
        }
    }

    @Override
    public void close() {
        try {
            events.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close the TensorBoard events", e);
        }
    }
}
