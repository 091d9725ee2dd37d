package dev.espalier.cli.watch;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a page is told of a run, in the form of its JSON: everything at first, then what changed.
 *
 * @param series changes of lines by name; those that did not change may be absent
 * @param slices all of them, or null where none changed
 * @param notes those that are new
 */
record Frame(
        Header header,
        Map<String, ThinnedSeries.Change> series,
        @Nullable List<Slice> slices,
        List<Note> notes) {

    /** Where a run stands; {@code ending} is null while it goes on. */
    record Header(String title, @Nullable Ending ending, Position position, Speed pace, List<Mark> stages) {}

    /** Seconds since the beginning, samples per second of training alone, and seconds left in the stage; null where not known yet. */
    record Speed(
            double secondsElapsed,
            @Nullable Double samplesPerSecond,
            @Nullable Double secondsLeft) {}

    /** How a run ended; {@code message} says what failed. */
    record Ending(boolean done, String message) {}

    /** Epoch and batch, counted from 1; all zero before training. */
    record Position(String stage, long epoch, int epochs, long batch, int perEpoch) {
        static final Position NONE = new Position("", 0, 0, 0, 0);
    }

    /** A stage that began after so many epochs of all stages. */
    record Mark(String name, double epochs) {}

    /** Accuracies of a part of the validation split: at first, of late, and at best. */
    record Slice(String name, int samples, double first, double last, double best) {
        Slice next(int count, double accuracy) {
            return new Slice(name, count, first, accuracy, Math.max(best, accuracy));
        }
    }

    /** A line that was said, numbered from 1, and how many seconds after the beginning. */
    record Note(long number, double seconds, String text) {}
}
