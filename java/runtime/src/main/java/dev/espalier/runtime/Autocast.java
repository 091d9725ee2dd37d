package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchAutocast;

/**
 * A stretch of code, on one thread, in which matrix products and convolutions of F32 tensors are computed in BF16.
 *
 * <p>libtorch chooses per operator: products and convolutions give BF16, losses and norms compute in F32. Gradients of F32
 * parameters stay F32.
 */
public final class Autocast implements AutoCloseable {
    private final int device;
    private final boolean before;
    private boolean closed;

    private Autocast(int device, boolean before) {
        this.device = device;
        this.before = before;
    }

    /** Computes in BF16 on the devices of this kind until the guard is closed. */
    public static Autocast bf16(Device device) {
        return new Autocast(device.index(), TorchAutocast.enter(device.index()));
    }

    /** Restores what was before; idempotent, on the thread that made the guard, innermost guard first. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            TorchAutocast.leave(device, before);
        }
    }
}
