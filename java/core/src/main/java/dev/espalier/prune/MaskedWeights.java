package dev.espalier.prune;

import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A mask made ready for weights on one device: sets what is removed to zero, in place, as often as asked.
 *
 * <p>A removed channel is zeroed at all its places: the filters and biases that produce it, normalisation scale and shift, and the
 * slices of the weights that read it. Only the last makes the masked network equal to the one without the channel whatever lies
 * between, for an activation such as Sigmoid turns zeros into something else. Running statistics are left alone.
 */
public final class MaskedWeights implements AutoCloseable {
    /** Zeros and ones for one axis of a parameter, shaped so that they broadcast over it. */
    private record AxisFactor(String parameter, Tensor factor) {}

    private final Scope owner = Scope.owner("masked weights");
    private final List<AxisFactor> factors = new ArrayList<>();
    private final Map<String, BitMask> elements = new LinkedHashMap<>();

    private MaskedWeights() {}

    /** Makes a mask ready; it may be closed afterwards. */
    public static MaskedWeights of(ChannelGroups groups, Mask mask, Device device) {
        mask.check(groups);
        MaskedWeights masked = new MaskedWeights();
        try (Scope scope = Scope.open()) {
            for (String parameter : groups.affected()) {
                if (!groups.graph().isStatistic(parameter)) {
                    masked.addFactors(groups, mask, parameter, device);
                }
            }
            mask.elements().forEach((parameter, bits) -> {
                Tensor words = masked.owner.adopt(bits.words().to(device).copy());
                masked.elements.put(parameter, new BitMask(words, bits.shape()));
            });
        }
        return masked;
    }

    private void addFactors(ChannelGroups groups, Mask mask, String parameter, Device device) {
        int rank = groups.graph().type(parameter).rank();
        for (int axis = 0; axis < rank; axis++) {
            boolean[] kept = groups.kept(parameter, axis, mask.channels());
            if (Indices.where(kept).length < kept.length) {
                float[] values = new float[kept.length];
                for (int i = 0; i < kept.length; i++) {
                    values[i] = kept[i] ? 1 : 0;
                }
                long[] shape = new long[rank];
                Arrays.fill(shape, 1);
                shape[axis] = kept.length;
                factors.add(new AxisFactor(
                        parameter, owner.adopt(Tensor.of(values, shape).to(device))));
            }
        }
    }

    /** Parameters of which something is removed. */
    public List<String> parameters() {
        List<String> names = new ArrayList<>(elements.keySet());
        factors.stream()
                .map(AxisFactor::parameter)
                .filter(p -> !names.contains(p))
                .forEach(names::add);
        return names;
    }

    /** Zeroes what is removed; tensors of parameters that lose nothing are not touched and may be left out. */
    public void apply(Map<String, Tensor> weights) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            for (AxisFactor factor : factors) {
                Tensor weight = find(weights, factor.parameter());
                weight.mulInPlace(
                        weight.dtype() == DType.F32
                                ? factor.factor()
                                : factor.factor().to(weight.dtype()));
            }
            List<Tensor> masked =
                    elements.keySet().stream().map(p -> find(weights, p)).toList();
            if (!masked.isEmpty()) {
                Kernels.on(masked.get(0).device()).apply(masked, List.copyOf(elements.values()));
            }
        }
    }

    private static Tensor find(Map<String, Tensor> weights, String parameter) {
        Tensor weight = weights.get(parameter);
        if (weight == null) {
            throw new PruningException("weights to be masked lack '" + parameter + "'");
        }
        return weight;
    }

    @Override
    public void close() {
        owner.close();
    }
}
