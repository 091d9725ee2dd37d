package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Arrays;

/** The indices that stay along the axes of an operator's first input, for statistics that leave the others out. */
record KeptIndices(ChannelCut cut) {
    /** Broadcast over x: one over the number of kept elements at those, zero at the others; its sum over the axes is 1. */
    Tensor weight(Tensor x, int... axes) {
        Tensor weight = Tensor.ones(x.dtype(), x.device());
        for (int axis : axes) {
            boolean[] kept = cut.keptInput(0, axis);
            if (kept.length == 0) {
                continue;
            }
            float[] along = new float[kept.length];
            for (int i = 0; i < along.length; i++) {
                along[i] = kept[i] ? 1 : 0;
            }
            long[] shape = new long[x.rank()];
            Arrays.fill(shape, 1);
            shape[axis] = along.length;
            Tensor share = Tensor.of(along, shape).to(x.dtype()).to(x.device());
            weight = weight.mul(share.div(ChannelCut.count(kept)));
        }
        return weight;
    }
}
