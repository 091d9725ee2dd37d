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

    /** True if only deterministic algorithms are used. */
    public static boolean isEnabled() {
        return Torch.isDeterministic();
    }
}
