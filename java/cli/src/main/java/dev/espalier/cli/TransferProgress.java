package dev.espalier.cli;

import dev.espalier.manifest.fetch.FetchListener;
import java.util.Locale;

/** How far a file has come and how fast: rewritten in place on a terminal, a line at every tenth otherwise. */
final class TransferProgress implements FetchListener, AutoCloseable {
    private static final long REWRITE_NANOS = 200_000_000;
    /** A line at every so many bytes where the length is not known. */
    private static final long STRIDE = 64 << 20;

    private final Console console;
    private String file = "";
    private long begun;
    private long before;
    private long shown;
    private boolean open;

    TransferProgress(Console console) {
        this.console = console;
    }

    @Override
    public void note(String message) {
        close();
        console.err().println(message);
        file = "";
    }

    @Override
    public void transferred(String name, long done, long total) {
        long now = System.nanoTime();
        if (!name.equals(file)) {
            close();
            file = name;
            begun = now;
            before = done;
            shown = console.terminal() ? now - REWRITE_NANOS : step(done, total);
        }
        if (console.terminal()) {
            if (now - shown >= REWRITE_NANOS || done == total) {
                shown = now;
                open = true;
                console.err().print("\r" + line(done, total, now) + "\u001b[K");
                console.err().flush();
            }
        } else if (step(done, total) > shown) {
            shown = step(done, total);
            console.err().println(line(done, total, now));
        }
    }

    private static long step(long done, long total) {
        return total == 0 ? done / STRIDE : 10 * done / total;
    }

    private String line(long done, long total, long now) {
        double seconds = Math.max(1e-3, (now - begun) / 1e9);
        String of = total == 0 ? "" : String.format(Locale.ROOT, " of %.1f", total / 1048576.0);
        return String.format(
                Locale.ROOT,
                "%s: %.1f%s MiB, %.1f MiB/s",
                file,
                done / 1048576.0,
                of,
                (done - before) / 1048576.0 / seconds);
    }

    /** Ends the line that was rewritten. */
    @Override
    public void close() {
        if (open) {
            open = false;
            console.err().println();
        }
    }
}
