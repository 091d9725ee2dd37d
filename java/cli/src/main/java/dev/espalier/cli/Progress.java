package dev.espalier.cli;

/** How far a task of known length has come, shown on standard error. */
interface Progress extends AutoCloseable {
    /** {@code done} of the total is done. */
    void at(long done);

    /** {@code done} of the total is done, and a few words more. */
    void at(long done, String more);

    @Override
    void close();

    /** A bar on a terminal, plain lines otherwise. */
    static Progress start(Console console, String task, long total) {
        return console.terminal() ? new BarProgress(task, total) : new LineProgress(console.err(), task, total);
    }
}
