package dev.espalier.prune;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Kernels.Removal;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Cuts tensors along the axes of their parameters that lose channels. */
final class WeightCut {
    /** An axis that gets shorter, with the I64 indices that stay. */
    private record Axis(int axis, Tensor kept) {}

    private WeightCut() {}

    /**
     * Cuts all tensors in one gather launch.
     *
     * @param choice the channels kept, by group id
     * @param sources tensors by the parameter whose shape they have, all on one device
     * @return new tensors in the same order, in the open scope; copies where nothing is lost
     */
    static Map<String, List<Tensor>> cut(
            ChannelGroups groups, Map<String, Kept> choice, Map<String, List<Tensor>> sources) {
        List<Removal> removals = new ArrayList<>();
        Map<String, List<Axis>> axes = new LinkedHashMap<>();
        sources.forEach((parameter, tensors) -> {
            List<Axis> shortened =
                    axes(groups, choice, parameter, tensors.get(0).device());
            axes.put(parameter, shortened);
            if (!shortened.isEmpty()) {
                tensors.forEach(tensor -> removals.add(removal(tensor, shortened)));
            }
        });
        Iterator<Tensor> cut = removals.isEmpty()
                ? List.<Tensor>of().iterator()
                : Kernels.on(removals.get(0).source().device()).gather(removals).iterator();
        Map<String, List<Tensor>> result = new LinkedHashMap<>();
        sources.forEach((parameter, tensors) -> {
            List<Axis> shortened = axes.getOrDefault(parameter, List.of());
            List<Tensor> made = new ArrayList<>();
            tensors.forEach(tensor -> made.add(shortened.isEmpty() ? tensor.copy() : further(cut.next(), shortened)));
            result.put(parameter, made);
        });
        return result;
    }

    private static List<Axis> axes(ChannelGroups groups, Map<String, Kept> choice, String parameter, Device device) {
        List<Axis> shortened = new ArrayList<>();
        for (int axis = 0; axis < groups.graph().type(parameter).rank(); axis++) {
            boolean[] kept = groups.kept(parameter, axis, choice);
            int[] indices = Indices.where(kept);
            if (indices.length < kept.length) {
                shortened.add(new Axis(axis, Indices.tensor(indices, device)));
            }
        }
        return shortened;
    }

    /** The gather takes two axes at once; what a parameter loses on more of them follows one by one. */
    private static Tensor further(Tensor cut, List<Axis> axes) {
        Tensor left = cut;
        for (Axis axis : axes.subList(Math.min(2, axes.size()), axes.size())) {
            left = left.indexSelect(axis.axis(), axis.kept());
        }
        return left;
    }

    private static Removal removal(Tensor source, List<Axis> axes) {
        Axis first = axes.get(0);
        return axes.size() == 1
                ? new Removal(source, first.axis(), first.kept(), -1, null)
                : new Removal(
                        source,
                        first.axis(),
                        first.kept(),
                        axes.get(1).axis(),
                        axes.get(1).kept());
    }
}
