package dev.espalier.runtime.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads libtorch once per process and holds its process-wide settings. */
public final class Torch {
    private static final Logger LOG = LoggerFactory.getLogger(Torch.class);
    private static final Path DRIVER = Path.of("/dev/nvidiactl");
    private static final String GPU_BUILD = "/org/bytedeco/pytorch/linux-x86_64-gpu/libtorch_cuda.so";
    /** Far above what rounding causes, far below what a wrong kernel does. */
    private static final double SOUND = 1e-4;

    private static final int CUDA_DEVICES;
    private static final double ONE_DNN_ERROR;

    static {
        MemoryLimits.lift();
        logBySlf4j();
        Loader.load(org.bytedeco.pytorch.presets.torch.class);
        setThreads(PhysicalCores.threads());
        CUDA_DEVICES = torch.cuda_is_available() ? Byte.toUnsignedInt(torch.cuda_device_count()) : 0;
        // Next in line where oneDNN does not convolve; it warns on every machine that it cannot run on.
        torch.globalContext().setUserEnabledNNPACK(false);
        ONE_DNN_ERROR = OneDnn.error();
        if (!isOneDnnSound()) {
            OneDnn.avoid();
            LOG.info(
                    "oneDNN computes convolutions wrongly on this machine (relative error {}); libtorch goes on without it,"
                            + " which is slower",
                    ONE_DNN_ERROR);
        }
        LOG.debug("libtorch loaded: {} threads, {} CUDA devices", threads(), CUDA_DEVICES);
        if (CUDA_DEVICES == 0 && hasDriver() && hasGpuBuild()) {
            LOG.warn("The GPU is not used: {}", cudaCause());
        }
    }

    /** Of each thread; CUDA begins with the first. */
    private static final ThreadLocal<Integer> CURRENT_CUDA_DEVICE = ThreadLocal.withInitial(() -> 0);

    private Torch() {}

    /** Makes sure that libtorch is loaded; cheap after the first call. */
    public static void load() {
        // The static initialiser does it.
    }

    /** The number of usable CUDA devices. */
    public static int cudaDevices() {
        return CUDA_DEVICES;
    }

    /** Makes a CUDA device the calling thread's current one; libtorch's own operators leave it so. */
    public static void useCudaDevice(int index) {
        if (CURRENT_CUDA_DEVICE.get() != index) {
            torch_cuda.set_device((byte) index);
            CURRENT_CUDA_DEVICE.set(index);
        }
    }

    /**
     * JavaCPP writes to standard error otherwise, first of all that OpenBLAS is of an earlier release than libtorch, which is so by
     * intent (docs/decisions/0011).
     */
    private static void logBySlf4j() {
        System.getProperties().putIfAbsent("org.bytedeco.javacpp.logger", "slf4j");
    }

    /** Bytes of a CUDA device's memory that its driver can still give. */
    public static long freeBytes(int index) {
        try (PointerScope temporaries = new PointerScope()) {
            return torch.getMemoryInfo((byte) index).first();
        }
    }

    /** Whether oneDNN convolves rightly on this machine; where it does not, libtorch goes on without it. */
    public static boolean isOneDnnSound() {
        return ONE_DNN_ERROR < SOUND;
    }

    /** Why there is no usable CUDA device; empty if there is one. libtorch itself falls back without a word. */
    public static String cudaCause() {
        if (CUDA_DEVICES > 0) {
            return "";
        }
        if (!hasDriver()) {
            return "no NVIDIA driver here: " + DRIVER + " is missing";
        }
        if (!hasGpuBuild()) {
            return "libtorch's CPU build is on the class path; put pytorch with classifier linux-x86_64-gpu there instead";
        }
        return "libtorch's GPU build did not load; put the libraries of CUDA 13, cuDNN 9 and NCCL 2 on LD_LIBRARY_PATH and see that"
                + " nvidia-smi works";
    }

    private static boolean hasDriver() {
        return Files.exists(DRIVER);
    }

    private static boolean hasGpuBuild() {
        return Torch.class.getResource(GPU_BUILD) != null;
    }

    /** Sets the threads of libtorch's operators and of OpenBLAS, which keeps a pool of its own. */
    public static void setThreads(int count) {
        try (PointerScope temporaries = new PointerScope()) {
            torch.set_num_threads(count);
            openblas.blas_set_num_threads(count);
        }
    }

    /** The threads that one libtorch operator may use. */
    public static int threads() {
        return torch.get_num_threads();
    }

    /**
     * Restricts libtorch, oneDNN and cuDNN to algorithms that repeat their results. libtorch then also fills every new tensor
     * with NaN, which takes a fifth of a training step on a CPU and shows only reads of what was never written: where assertions
     * are on, as in tests.
     */
    public static void setDeterministic(boolean enabled) {
        Context context = torch.globalContext();
        context.setDeterministicAlgorithms(enabled, false);
        context.setDeterministicFillUninitializedMemory(Torch.class.desiredAssertionStatus());
        context.setDeterministicMkldnn(enabled);
        context.setDeterministicCuDNN(enabled);
        if (enabled) {
            context.setBenchmarkCuDNN(false);
        }
    }

    public static boolean isDeterministic() {
        return torch.globalContext().deterministicAlgorithms();
    }

    /** Lets cuDNN time the algorithms for each shape when it first meets it, and keep the fastest. */
    public static void timeCudnn() {
        torch.globalContext().setBenchmarkCuDNN(true);
    }

    public static boolean timesCudnn() {
        return torch.globalContext().benchmarkCuDNN();
    }

    /** The version of one of the bindings, {@code unknown} if its jar does not tell. */
    public static String version(String artifact) {
        try {
            String version = Loader.getVersion("org.bytedeco", artifact);
            return version == null ? "unknown" : version;
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** How libtorch was built: compiler, BLAS, instruction sets. */
    public static String build() {
        try (BytePointer text = torch.show_config()) {
            return text.getString();
        }
    }
}
