package dev.espalier.runtime;

import dev.espalier.runtime.internal.KernelLibrary;
import java.util.List;
import java.util.Optional;

/** A family of native kernels that runs on one kind of processor. */
public enum Backend {
    /** The fastest CPU backend of this machine. */
    AUTO(KernelLibrary.AUTO),
    /** Plain loops: the oracle of all others. */
    REFERENCE(KernelLibrary.REFERENCE),
    /** x86-64 with AVX2 and FMA. */
    AVX2(KernelLibrary.AVX2),
    /** x86-64 with AVX-512. */
    AVX512(KernelLibrary.AVX512),
    /** NVIDIA GPUs. */
    CUDA(KernelLibrary.CUDA);

    private final int code;

    Backend(int code) {
        this.code = code;
    }

    /** True if it can run here and now. */
    public boolean available() {
        return cause().isEmpty();
    }

    /** Why it cannot run here, in one line; empty if it can. */
    public Optional<String> cause() {
        String cause = KernelLibrary.unavailable(code);
        return cause.isEmpty() ? Optional.empty() : Optional.of(cause);
    }

    /** The names of its kernels, {@code operation_pattern_types_variant}; none for {@link #AUTO}. */
    public List<String> kernels() {
        return List.copyOf(KernelLibrary.names(code));
    }

    int code() {
        return code;
    }
}
