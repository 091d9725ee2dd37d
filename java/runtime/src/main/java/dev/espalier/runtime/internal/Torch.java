package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads libtorch once per process and holds its process-wide settings. */
public final class Torch {
    private static final Logger LOG = LoggerFactory.getLogger(Torch.class);
    private static final int CUDA_DEVICES;

    static {
        MemoryLimits.lift();
        Loader.load(org.bytedeco.pytorch.presets.torch.class);
        setThreads(PhysicalCores.count());
        CUDA_DEVICES = torch.cuda_is_available() ? Byte.toUnsignedInt(torch.cuda_device_count()) : 0;
        LOG.debug("libtorch loaded: {} threads, {} CUDA devices", threads(), CUDA_DEVICES);
    }

    private Torch() {}

    /** Makes sure that libtorch is loaded; cheap after the first call. */
    public static void load() {
        // The static initialiser does it.
    }

    /** The number of usable CUDA devices. */
    public static int cudaDevices() {
        return CUDA_DEVICES;
    }

    /** Sets the threads of libtorch's operators and of OpenBLAS, which keeps a pool of its own. */
    public static void setThreads(int count) {
        torch.set_num_threads(count);
        openblas.blas_set_num_threads(count);
    }

    /** The threads that one libtorch operator may use. */
    public static int threads() {
        return torch.get_num_threads();
    }

    /** Restricts libtorch, oneDNN and cuDNN to algorithms that repeat their results. */
    public static void setDeterministic(boolean enabled) {
        Context context = torch.globalContext();
        context.setDeterministicAlgorithms(enabled, false);
        context.setDeterministicMkldnn(enabled);
        context.setDeterministicCuDNN(enabled);
    }

    public static boolean isDeterministic() {
        return torch.globalContext().deterministicAlgorithms();
    }
}
