package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiTarget;

/**
 * Where kernels run.
 *
 * @param backend an ESP_BACKEND_ number
 * @param threads CPU threads to use
 */
public record KernelTarget(int backend, int threads) {
    AbiTarget toAbi() {
        return new AbiTarget().backend(backend).threads(threads);
    }
}
