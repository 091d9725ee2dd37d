package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchAutograd;

/** A stretch of code, on one thread, in which operations are not recorded for gradients. */
public final class Grad implements AutoCloseable {
    private final boolean before;
    private boolean closed;

    private Grad(boolean before) {
        this.before = before;
    }

    /** Stops recording on this thread until the guard is closed. */
    public static Grad disabled() {
        return new Grad(TorchAutograd.setRecording(false));
    }

    /** True if operations on this thread are recorded. */
    public static boolean isEnabled() {
        return TorchAutograd.isRecording();
    }

    /** Restores what was before; idempotent, on the thread that made the guard. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            TorchAutograd.setRecording(before);
        }
    }
}
