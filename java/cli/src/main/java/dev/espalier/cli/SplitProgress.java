package dev.espalier.cli;

import dev.espalier.data.DataListener;
import org.jspecify.annotations.Nullable;

/** Shows on the console how far work on the samples of each split has come. */
class SplitProgress implements DataListener, AutoCloseable {
    private final Console console;
    private final String work;
    private @Nullable Progress progress;
    private String split = "";

    /** {@code work} is what is done, such as {@code decoding}. */
    SplitProgress(Console console, String work) {
        this.console = console;
        this.work = work;
    }

    @Override
    public void decoded(String of, int done, int total) {
        if (progress == null || !split.equals(of)) {
            close();
            split = of;
            progress = Progress.start(console, work + " " + of, total);
        }
        progress.at(done);
    }

    @Override
    public void close() {
        if (progress != null) {
            progress.close();
            progress = null;
        }
    }
}
