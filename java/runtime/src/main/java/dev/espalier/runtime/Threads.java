package dev.espalier.runtime;

import dev.espalier.runtime.internal.Torch;

/**
 * The number of CPU threads that one operator or kernel may use: libtorch's pool, OpenBLAS's pool and the kernels alike.
 *
 * <p>At the start it is OMP_NUM_THREADS where the environment sets it, else the number of physical cores. Where several threads run models at once, set it so that threads
 * times count does not exceed the cores: waiting for a preempted thread costs more than the work.
 */
public final class Threads {
    private Threads() {}

    /**
     * Sets the count for the whole process.
     *
     * @param count at least 1
     */
    public static void configure(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("threads: expected at least 1, got " + count);
        }
        Torch.setThreads(count);
    }

    /** The count in force. */
    public static int count() {
        return Torch.threads();
    }
}
