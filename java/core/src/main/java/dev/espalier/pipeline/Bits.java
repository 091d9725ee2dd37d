package dev.espalier.pipeline;

import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.TensorHolder;
import java.util.List;
import java.util.Map;

/** Masks of single weights, by parameter. */
record Bits(Map<String, BitMask> byParameter) implements TensorHolder {
    @Override
    public List<Tensor> tensors() {
        return byParameter.values().stream().map(BitMask::words).toList();
    }
}
