package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.KernelsAbi;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads the native kernels after libtorch (so that both use one OpenMP runtime) and says what they can do here. */
public final class KernelLibrary {
    public static final int OK = KernelsAbi.ESP_OK;
    public static final int DEVICE_LOST = KernelsAbi.ESP_DEVICE_LOST;
    public static final int AUTO = KernelsAbi.ESP_BACKEND_AUTO;
    public static final int REFERENCE = KernelsAbi.ESP_BACKEND_REFERENCE;
    public static final int AVX2 = KernelsAbi.ESP_BACKEND_AVX2;
    public static final int AVX512 = KernelsAbi.ESP_BACKEND_AVX512;
    public static final int CUDA = KernelsAbi.ESP_BACKEND_CUDA;

    private static final Logger LOG = LoggerFactory.getLogger(KernelLibrary.class);
    private static final Path DRIVER = Path.of("/dev/nvidiactl");
    private static final String CUDA_LIBRARY = "linux-x86_64/libespalier_kernels_cuda.so";
    /** Empty once the CUDA library is open. */
    private static final String CUDA_CAUSE;

    static {
        Torch.load();
        Loader.load(KernelsAbi.class);
        CUDA_CAUSE = openCuda();
        LOG.debug("kernels {} loaded; CUDA: {}", version(), CUDA_CAUSE.isEmpty() ? "open" : CUDA_CAUSE);
    }

    private KernelLibrary() {}

    private static String openCuda() {
        if (!Files.exists(DRIVER)) {
            return "no NVIDIA driver here: " + DRIVER + " is missing";
        }
        URL library = KernelsAbi.class.getResource(CUDA_LIBRARY);
        if (library == null) {
            return "this build has no CUDA kernels: build it where nvcc is installed";
        }
        try {
            File file = Loader.cacheResource(library);
            return KernelsAbi.esp_cuda_open(file.getPath()) == OK ? "" : message();
        } catch (IOException e) {
            return "the CUDA kernels could not be unpacked: " + e.getMessage();
        }
    }

    /** The version of the native library. */
    public static String version() {
        return text(KernelsAbi.esp_version());
    }

    /** Why a backend cannot run here; empty if it can. */
    public static String unavailable(int backend) {
        if (backend == CUDA && !CUDA_CAUSE.isEmpty()) {
            return CUDA_CAUSE;
        }
        return KernelsAbi.esp_backend_available(backend) != 0 ? "" : message();
    }

    /** The names of all kernels of a backend. */
    public static List<String> names(int backend) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < KernelsAbi.esp_kernel_count(); i++) {
            if (KernelsAbi.esp_kernel_backend(i) == backend) {
                names.add(text(KernelsAbi.esp_kernel_name(i)));
            }
        }
        return names;
    }

    /** What the last call on this thread complained of. */
    public static String message() {
        return text(KernelsAbi.esp_last_message());
    }

    private static String text(BytePointer pointer) {
        return pointer == null ? "" : pointer.getString();
    }
}
