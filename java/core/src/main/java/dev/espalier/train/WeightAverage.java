package dev.espalier.train;

import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The exponential moving average of a model's tensors (Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992,
 * with weights that decay).
 *
 * <p>Running statistics are averaged as weights are: to first order the statistics of averaged weights are the average of their statistics.
 */
final class WeightAverage implements AutoCloseable {
    private static final String PREFIX = "average/";
    private static final String DECAY = "average-decay";
    private static final String UPDATES = "average-updates";

    private final double decay;
    private final SortedMap<String, Tensor> tensors = new TreeMap<>();
    private Scope owner = Scope.owner("weight average");
    private long updates;

    /** Begins as copies of {@code values}; {@code decay} is what stays of the average in an update, in the long run. */
    WeightAverage(double decay, Map<String, Tensor> values) {
        this.decay = decay;
        restart(values);
    }

    /** Forgets what was averaged and begins again as copies of {@code values}, which may have other shapes. */
    void restart(Map<String, Tensor> values) {
        owner.close();
        owner = Scope.owner("weight average");
        tensors.clear();
        updates = 0;
        try (Scope scope = Scope.open()) {
            values.forEach((name, value) ->
                    tensors.put(name, owner.adopt(value.detach().copy())));
        }
    }

    /** Moves towards {@code values}, the faster the fewer updates there were: what is averaged early is soon forgotten. */
    void update(Map<String, Tensor> values) {
        double stays = Math.min(decay, (1.0 + updates) / (10.0 + updates));
        updates++;
        try (Grad guard = Grad.disabled()) {
            values.forEach((name, value) -> of(name).lerpInPlace(value, 1 - stays));
        }
    }

    /** The average of one tensor. */
    Tensor of(String name) {
        Tensor mean = tensors.get(name);
        if (mean == null) {
            throw new IllegalArgumentException("no average is kept of '" + name + "'; there are " + tensors.keySet());
        }
        return mean;
    }

    SortedMap<String, Tensor> tensors() {
        return Collections.unmodifiableSortedMap(tensors);
    }

    void save(Snapshot.Builder snapshot) {
        snapshot.fact(DECAY, decay).fact(UPDATES, updates).tensors(PREFIX, tensors);
    }

    static boolean isIn(Snapshot snapshot) {
        return snapshot.hasFact(DECAY);
    }

    /** The average that {@link #save} described, of the model whose tensors are {@code values}. */
    static WeightAverage restored(Snapshot snapshot, Map<String, Tensor> values) {
        WeightAverage average = new WeightAverage(snapshot.real(DECAY), values);
        average.updates = snapshot.wholeNumber(UPDATES);
        average.tensors.forEach((name, mean) -> mean.copyInPlace(snapshot.tensor(PREFIX + name)));
        return average;
    }

    @Override
    public void close() {
        owner.close();
    }
}
