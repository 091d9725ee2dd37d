package dev.espalier.manifest.encode;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;

/** Which samples of a batch have a modality, as numbers. */
final class Presence {
    private Presence() {}

    /** F32 [n, 1]: 1 where it is there, else 0. */
    static Tensor of(boolean[] present, Device device) {
        float[] values = new float[present.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = present[i] ? 1 : 0;
        }
        return Tensor.of(values, values.length, 1).to(device);
    }
}
