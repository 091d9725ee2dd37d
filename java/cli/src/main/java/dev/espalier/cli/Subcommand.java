package dev.espalier.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One subcommand with the options and the console that all of them have. */
abstract class Subcommand implements Callable<Integer> {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    /** Read from the command line's text by {@link ErrorLine}, which must work even where parsing failed. */
    @Option(names = ErrorLine.STACKTRACE, description = "After an error, show where in the program it arose.")
    boolean stacktrace;

    @Mixin
    final JsonOption json = new JsonOption();

    final Console console;

    Subcommand(Console console) {
        this.console = console;
    }

    /** Does the work; every failure is an exception. */
    abstract void run();

    /** The exit code after a run that did not fail. */
    int outcome() {
        return ExitCode.DONE;
    }

    @Override
    public final Integer call() {
        run();
        return outcome();
    }
}
