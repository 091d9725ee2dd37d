package dev.espalier.cli.watch;

import dev.espalier.train.EpochReport;
import dev.espalier.train.History;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import dev.espalier.train.SliceScore;
import dev.espalier.train.Snapshot;
import dev.espalier.train.StepReport;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of a run while it goes on, in bounded memory. Training appends to it; {@link Broadcast} reads it from other threads.
 *
 * <p>Lines run over epochs of all stages, one after the other. A resumed run shows its earlier epochs as the checkpoint tells them.
 */
public final class LiveRun implements Listener {
    static final int MOST_POINTS = 2000;
    static final int MOST_NOTES = 200;
    private static final int MOST_SLICES = 1000;
    private static final String SAVED_SLICES = "watch/slices/";
    private static final int MOST_STAGES = 100;
    private static final int LONGEST_TEXT = 400;

    private final String title;
    private final LongSupplier nanos;
    private final long born;
    private final Map<String, ThinnedSeries> series = new LinkedHashMap<>();
    private final Map<String, Frame.Slice> slices = new LinkedHashMap<>();
    private final Deque<Frame.Note> notes = new ArrayDeque<>();
    private final List<Frame.Mark> stages = new ArrayList<>();
    private final Smoothed loss = new Smoothed();
    private final Smoothed accuracy = new Smoothed();
    private Pace pace = new Pace(0, 1);
    private Frame.Position position = Frame.Position.NONE;
    private Frame.@Nullable Ending ending;
    /** Epochs of all stages so far. */
    private double epochs;
    /** What that was when this stage began; NaN until its first batch. */
    private double origin = Double.NaN;

    private double removed = Double.NaN;
    private long lastNote;
    private long toldNote;
    private boolean slicesMoved;
    private boolean moved = true;

    /** A run that is called {@code title}. */
    public LiveRun(String title) {
        this(title, System::nanoTime);
    }

    LiveRun(String title, LongSupplier nanos) {
        this.title = title;
        this.nanos = nanos;
        this.born = nanos.getAsLong();
    }

    @Override
    public synchronized void stageBegin(String name, Recipe recipe, int perEpoch) {
        int all = recipe.length().epochs();
        position = new Frame.Position(name, 0, all, 0, perEpoch);
        pace = new Pace(all, perEpoch);
        origin = Double.NaN;
        loss.begin(perEpoch);
        accuracy.begin(perEpoch);
        mark(name);
        moved = true;
    }

    private void mark(String name) {
        if (stages.size() < MOST_STAGES) {
            stages.add(new Frame.Mark(name, epochs));
        }
    }

    @Override
    public synchronized void note(String line) {
        lastNote++;
        notes.add(new Frame.Note(lastNote, secondsElapsed(), shortened(line)));
        if (notes.size() > MOST_NOTES) {
            notes.remove();
        }
        moved = true;
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT - 1) + "…";
    }

    @Override
    public synchronized void removed(double share) {
        add("removed", removed);
        removed = share;
        add("removed", removed);
        pace.interrupt();
    }

    @Override
    public synchronized void stepEnd(StepReport report) {
        int perEpoch = position.perEpoch();
        long before = report.batches() - 1;
        long epoch = Math.floorDiv(before, perEpoch);
        if (Double.isNaN(origin)) {
            origin = epochs - epoch;
        }
        epochs = origin + (double) report.batches() / perEpoch;
        position = new Frame.Position(
                position.stage(), epoch + 1, position.epochs(), Math.floorMod(before, perEpoch) + 1L, perEpoch);
        pace.batch(report.batches(), report.samples(), nanos.getAsLong());
        add("loss.batch", report.loss());
        add("loss.training", loss.next(report.loss()));
        add("accuracy.training", accuracy.next(report.accuracy()));
        add("rate", report.learningRate());
        add("removed", removed);
    }

    @Override
    public synchronized void slices(List<SliceScore> scores) {
        for (SliceScore score : scores) {
            if (slices.containsKey(score.name()) || slices.size() < MOST_SLICES) {
                double now = score.accuracy();
                slices.merge(
                        score.name(),
                        new Frame.Slice(shortened(score.name()), score.samples(), now, now, now),
                        (old, first) -> old.next(score.samples(), now));
            }
        }
        slicesMoved = true;
        moved = true;
    }

    @Override
    public synchronized void epochEnd(EpochReport report) {
        pace.epoch(nanos.getAsLong());
        validated(report);
    }

    private void validated(EpochReport report) {
        EpochReport.Scores validation = report.validation();
        if (validation != null) {
            add("loss.validation", validation.loss());
            add("accuracy.validation", validation.accuracy());
            add("accuracy.hidden", validation.hidden());
        }
    }

    /** A value that there is not, such as a share removed where nothing prunes, makes no line. */
    private void add(String name, double value) {
        if (Double.isFinite(value)) {
            series.computeIfAbsent(name, key -> new ThinnedSeries(MOST_POINTS)).add(epochs, value);
            moved = true;
        }
    }

    @Override
    public synchronized void save(Snapshot.Builder snapshot) {
        int row = 0;
        for (Map.Entry<String, Frame.Slice> entry : slices.entrySet()) {
            Frame.Slice slice = entry.getValue();
            snapshot.fact(
                    SAVED_SLICES + "%06d".formatted(row++),
                    String.join(
                            ",",
                            Integer.toString(slice.samples()),
                            Double.toString(slice.first()),
                            Double.toString(slice.last()),
                            Double.toString(slice.best()),
                            entry.getKey()));
        }
    }

    private void restoreSlices(Snapshot snapshot) {
        slices.clear();
        snapshot.factsUnder(SAVED_SLICES).values().forEach(text -> {
            String[] f = text.split(",", 5);
            slices.put(
                    f[4],
                    new Frame.Slice(
                            shortened(f[4]),
                            Integer.parseInt(f[0]),
                            Double.parseDouble(f[1]),
                            Double.parseDouble(f[2]),
                            Double.parseDouble(f[3])));
        });
        slicesMoved = true;
    }

    @Override
    public synchronized void restore(Snapshot snapshot) {
        restoreSlices(snapshot);
        History past = new History();
        past.restore(snapshot);
        series.clear();
        stages.clear();
        epochs = 0;
        String stage = "";
        for (History.Entry entry : past.entries()) {
            if (!entry.stage().equals(stage)) {
                stage = entry.stage();
                mark(stage);
            }
            epochs++;
            add("loss.training", entry.report().training().loss());
            add("accuracy.training", entry.report().training().accuracy());
            add("rate", entry.report().learningRate());
            validated(entry.report());
        }
        if (!position.stage().equals(stage)) {
            mark(position.stage());
        }
        add("removed", removed);
    }

    /** The run has ended as it should. */
    public synchronized void done() {
        ending = new Frame.Ending(true, "");
        moved = true;
    }

    /** The run was broken off by what {@code message} says. */
    public synchronized void failed(String message) {
        ending = new Frame.Ending(false, shortened(message));
        moved = true;
    }

    /** All that is remembered. */
    synchronized Frame whole() {
        Map<String, ThinnedSeries.Change> all = new LinkedHashMap<>();
        series.forEach((name, line) -> all.put(name, line.whole()));
        return new Frame(header(), all, List.copyOf(slices.values()), List.copyOf(notes));
    }

    /** What changed since the last call, if anything did. */
    synchronized Optional<Frame> changes() {
        if (!moved) {
            return Optional.empty();
        }
        Map<String, ThinnedSeries.Change> changed = new LinkedHashMap<>();
        series.forEach((name, line) -> {
            if (line.moved()) {
                changed.put(name, line.changes());
            }
        });
        List<Frame.Note> added =
                notes.stream().filter(note -> note.number() > toldNote).toList();
        List<Frame.Slice> all = slicesMoved ? List.copyOf(slices.values()) : null;
        toldNote = lastNote;
        slicesMoved = false;
        moved = false;
        return Optional.of(new Frame(header(), changed, all, added));
    }

    private Frame.Header header() {
        Frame.Speed speed =
                new Frame.Speed(secondsElapsed(), known(pace.samplesPerSecond()), known(pace.secondsLeft()));
        return new Frame.Header(title, ending, position, speed, List.copyOf(stages));
    }

    private double secondsElapsed() {
        return (nanos.getAsLong() - born) / 1e9;
    }

    private static @Nullable Double known(double value) {
        return Double.isNaN(value) ? null : value;
    }

    /** A running mean over half an epoch, but 10 batches at least and 200 at most. */
    private static final class Smoothed {
        private int window = 1;
        private int count;
        private double mean;

        void begin(int perEpoch) {
            window = Math.max(10, Math.min(200, perEpoch / 2));
            count = 0;
        }

        double next(double value) {
            count = Math.min(count + 1, window);
            mean = count == 1 ? value : mean + (value - mean) / count;
            return mean;
        }
    }
}
