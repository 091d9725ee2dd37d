package dev.espalier.cli;

import dev.espalier.manifest.fetch.FetchException;
import dev.espalier.runtime.DeviceLostException;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.KernelException;
import dev.espalier.runtime.OperatorException;
import java.io.UncheckedIOException;

/** The command's exit codes: 0 done, 1 it failed (or found errors in what it was to check), 2 the input was bad. */
final class ExitCode {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int BAD_INPUT = 2;

    private ExitCode() {}

    /**
     * Failures of operators, kernels and devices are ours, those of servers nobody's here; every other reported one, and
     * every failing file, names what the user gave.
     */
    static int of(Throwable failure) {
        if (failure instanceof OperatorException
                || failure instanceof KernelException
                || failure instanceof DeviceLostException
                || failure instanceof FetchException) {
            return FAILED;
        }
        return failure instanceof EspalierException || failure instanceof UncheckedIOException ? BAD_INPUT : FAILED;
    }
}
