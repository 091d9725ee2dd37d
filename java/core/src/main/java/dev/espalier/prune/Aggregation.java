package dev.espalier.prune;

import dev.espalier.runtime.Tensor;
import java.util.List;

/** How the places of a group, each an axis of a parameter, become one score per channel. */
public enum Aggregation {
    /** All elements of all places are reduced as if they lay in one tensor. */
    TOGETHER,
    /** The sum of the places' scores. */
    SUM,
    /** The mean of the places' scores. */
    MEAN,
    /** The greatest of the places' scores. */
    MAX,
    /** The score of the first place alone, in the order of the graph's parameters. */
    FIRST,
    /** The product of the places' scores. */
    PRODUCT;

    /** One score per channel from those of each place. */
    Tensor of(List<Tensor> places) {
        Tensor all = places.get(0);
        for (Tensor place : places.subList(1, places.size())) {
            all = switch (this) {
                case TOGETHER, SUM, MEAN -> all.add(place);
                case MAX -> all.maximum(place);
                case FIRST -> all;
                case PRODUCT -> all.mul(place);
            };
        }
        return this == MEAN ? all.div(places.size()) : all;
    }
}
