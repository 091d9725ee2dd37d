package dev.espalier.runtime;

import dev.espalier.runtime.internal.KernelLibrary;
import dev.espalier.runtime.internal.Torch;
import java.util.Optional;

/**
 * What this process runs on, for provenance and for a doctor's report.
 *
 * @param libtorch version of libtorch's binding, {@code <libtorch>-<javacpp>}
 * @param javacpp version of JavaCPP
 * @param kernels version of the native kernels
 * @param blas version of OpenBLAS's binding
 * @param build how libtorch was built, several lines
 */
public record Versions(String libtorch, String javacpp, String kernels, String blas, String build) {
    /** The versions in use; loads the native libraries. */
    public static Versions current() {
        return new Versions(
                Torch.version("pytorch"),
                Torch.version("javacpp"),
                KernelLibrary.version(),
                Torch.version("openblas"),
                Torch.build());
    }

    /** Why no CUDA device is usable by libtorch, in one line that says how to mend it; empty if one is. */
    public static Optional<String> cudaCause() {
        String cause = Torch.cudaCause();
        return cause.isEmpty() ? Optional.empty() : Optional.of(cause);
    }

    /** Why libtorch convolves without oneDNN, in one line; empty if oneDNN computes rightly on this machine. */
    public static Optional<String> oneDnnCause() {
        Torch.load();
        return Torch.isOneDnnSound()
                ? Optional.empty()
                : Optional.of("oneDNN computes a small convolution wrongly here, so libtorch goes on without it");
    }
}
