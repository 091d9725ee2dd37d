package dev.espalier.cli;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a subcommand writes: {@code out} for facts, {@code err} for progress and errors. */
record Console(PrintWriter out, PrintWriter err, boolean terminal) {

    /** The process's own streams. */
    static Console system() {
        return new Console(writer(System.out), writer(System.err), errIsTerminal());
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    /** Whether standard error, where progress goes, is a terminal; where that cannot be told, it is taken not to be. */
    private static boolean errIsTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
