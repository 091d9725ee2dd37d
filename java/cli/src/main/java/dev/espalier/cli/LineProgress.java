package dev.espalier.cli;

import java.io.PrintWriter;

/** A line at every tenth of the task. */
final class LineProgress implements Progress {
    private static final int LINES = 10;

    private final PrintWriter err;
    private final String task;
    private final long total;
    private long shown;

    LineProgress(PrintWriter err, String task, long total) {
        this.err = err;
        this.task = task;
        this.total = total;
    }

    @Override
    public void at(long done) {
        at(done, "");
    }

    @Override
    public void at(long done, String more) {
        long tenth = total == 0 ? LINES : LINES * done / total;
        if (tenth > shown) {
            shown = tenth;
            err.println(task + ": " + done + " of " + total + (more.isEmpty() ? "" : ", " + more));
        }
    }

    @Override
    public void close() {
        err.flush();
    }
}
