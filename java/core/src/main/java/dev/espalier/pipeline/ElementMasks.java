package dev.espalier.pipeline;

import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Mask;
import dev.espalier.prune.MaskedWeights;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.util.SortedMap;
import java.util.TreeMap;

/** A mask of channels and weights spelt out as one bit per weight, which is what training holds on to. */
final class ElementMasks {
    private ElementMasks() {}

    /** By parameter that loses anything; the words belong to the open scope. */
    static SortedMap<String, BitMask> of(ChannelGroups groups, Mask mask, Device device) {
        SortedMap<String, BitMask> masks = new TreeMap<>();
        try (MaskedWeights masked = MaskedWeights.of(groups, mask, device)) {
            SortedMap<String, Tensor> kept = new TreeMap<>();
            for (String parameter : masked.parameters()) {
                long[] shape = groups.graph().type(parameter).shape().toArray();
                kept.put(parameter, Tensor.ones(DType.F32, device, shape));
            }
            masked.apply(kept);
            kept.forEach((parameter, ones) -> masks.put(parameter, BitMask.pack(ones.ne(0))));
        }
        return masks;
    }
}
