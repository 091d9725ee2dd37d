package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's automatic choice of reduced precision, a setting of the calling thread. */
public final class TorchAutocast {
    private TorchAutocast() {}

    /** Switches to BF16 for the CPU (-1) or the CUDA devices and tells whether it was on before. */
    public static boolean enter(int device) {
        Torch.load();
        boolean before = torch.is_autocast_enabled(type(device));
        torch.set_autocast_enabled(type(device), true);
        torch.set_autocast_dtype(type(device), ScalarType.BFloat16);
        torch.increment_nesting();
        return before;
    }

    /** Undoes {@link #enter}; the outermost one drops the copies of weights that were converted. */
    public static void leave(int device, boolean before) {
        if (torch.decrement_nesting() == 0) {
            torch.clear_cache();
        }
        torch.set_autocast_enabled(type(device), before);
    }

    private static DeviceType type(int device) {
        return device < 0 ? DeviceType.CPU : DeviceType.CUDA;
    }
}
