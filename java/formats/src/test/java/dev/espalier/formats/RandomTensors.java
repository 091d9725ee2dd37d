package dev.espalier.formats;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.util.Random;

/** Tensors of random bits, NaNs and denormals among them. */
public final class RandomTensors {
    private RandomTensors() {}

    /** A tensor of the open scope whose bits come from {@code random}; booleans are 0 or 1. */
    public static Tensor bits(Random random, DType dtype, long... shape) {
        Tensor tensor = Tensor.empty(dtype, Device.CPU, shape);
        byte[] bytes = new byte[(int) tensor.numel() * dtype.bytes()];
        random.nextBytes(bytes);
        if (dtype == DType.BOOL) {
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] &= 1;
            }
        }
        tensor.setBytes(bytes);
        return tensor;
    }
}
