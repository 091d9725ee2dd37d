package dev.espalier.cli;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;

/**
 * What this machine reaches at most, with the threads in use.
 *
 * @param gigaflops operations per nanosecond of the vendor's product of two large matrices
 * @param gigabytes bytes per nanosecond, read and written, of a copy that no cache holds
 */
record Roofline(double gigaflops, double gigabytes) {
    private static final int SIDE = 1024;
    private static final long COPIED = 1L << 25;
    private static final int ROUNDS = 12;

    static Roofline measure() {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Tensor a = Tensor.rand(Device.CPU, SIDE, SIDE);
            Tensor b = Tensor.rand(Device.CPU, SIDE, SIDE);
            Tensor from = Tensor.rand(Device.CPU, COPIED);
            Tensor to = Tensor.zeros(DType.F32, Device.CPU, COPIED);
            double product = Double.POSITIVE_INFINITY;
            double copy = Double.POSITIVE_INFINITY;
            for (int i = 0; i < ROUNDS; i++) {
                product = Math.min(product, KernelRace.nanos(() -> a.matmul(b)));
                copy = Math.min(copy, KernelRace.nanos(() -> to.copyInPlace(from)));
            }
            return new Roofline(2.0 * SIDE * SIDE * SIDE / product, 8.0 * COPIED / copy);
        }
    }

    /** The least milliseconds that the work can take here. */
    double millis(double operations, double bytes) {
        return Math.max(operations / gigaflops, bytes / gigabytes) / 1e6;
    }
}
