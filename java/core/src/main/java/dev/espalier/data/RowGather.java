package dev.espalier.data;

import dev.espalier.runtime.Tensor;

/** Brings rows of numbers to a device by their indices; for one thread at a time. */
@FunctionalInterface
public interface RowGather {
    /**
     * Rows one after the other, in the open scope; only valid until the next call.
     *
     * @param rows their indices; one below 0 stands for a row of zeros
     * @return [n, shape of a row] of the rows' type
     */
    Tensor take(int[] rows);
}
