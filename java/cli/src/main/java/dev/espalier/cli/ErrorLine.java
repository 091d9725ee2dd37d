package dev.espalier.cli;

import dev.espalier.runtime.EspalierException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns every failure into one line on standard error with its exit code. */
final class ErrorLine implements IParameterExceptionHandler, IExecutionExceptionHandler {
    static final String STACKTRACE = "--stacktrace";

    private final Console console;

    ErrorLine(Console console) {
        this.console = console;
    }

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        String command = failure.getCommandLine().getCommandSpec().qualifiedName();
        console.err().println(command + ": " + firstLine(failure.getMessage()) + " (see " + command + " --help)");
        if (Arrays.asList(args).contains(STACKTRACE)) {
            failure.printStackTrace(console.err());
        }
        return ExitCode.BAD_INPUT;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        return report(
                failure,
                command.getCommandSpec().qualifiedName(),
                parsed.originalArgs().contains(STACKTRACE));
    }

    /** Prints the line for any failure; errors of the virtual machine included. */
    int report(Throwable failure, String command, boolean trace) {
        String message = firstLine(failure.getMessage());
        if (failure instanceof EspalierException) {
            console.err().println(command + ": " + message);
        } else if (failure instanceof UncheckedIOException file) {
            console.err().println(command + ": " + message + reason(file.getCause()));
        } else {
            console.err()
                    .println(command + ": unexpected " + failure.getClass().getSimpleName() + ": " + message
                            + (trace ? "" : " (" + STACKTRACE + " shows where)"));
        }
        if (trace) {
            failure.printStackTrace(console.err());
        }
        return ExitCode.of(failure);
    }

    private static String reason(@Nullable Throwable cause) {
        return cause == null ? "" : ": " + firstLine(cause.getMessage());
    }

    static String firstLine(@Nullable String message) {
        return message == null ? "no message" : message.lines().findFirst().orElse("no message");
    }
}
