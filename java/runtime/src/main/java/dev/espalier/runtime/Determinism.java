package dev.espalier.runtime;

import dev.espalier.runtime.internal.Torch;

/** Whether libtorch may use algorithms whose results differ from run to run on the same machine. */
public final class Determinism {
    private Determinism() {}

    /**
     * Switches for the whole process. An operator that has no deterministic algorithm then fails with
     * {@link OperatorException}. On CUDA, matrix products want CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment.
     */
    public static void enable(boolean enabled) {
        Torch.setDeterministic(enabled);
    }

    /**
     * Lets cuDNN, from now on and in the whole process, choose the algorithm of each convolution by timing when it first meets a
     * shape, unless only deterministic algorithms are used: enabling them ends it.
     */
    public static void allowTiming() {
        if (!isEnabled()) {
            Torch.timeCudnn();
        }
    }

    /** True if cuDNN chooses by timing. */
    public static boolean allowsTiming() {
        return Torch.timesCudnn();
    }

    /** True if only deterministic algorithms are used. */
    public static boolean isEnabled() {
        return Torch.isDeterministic();
    }
}
