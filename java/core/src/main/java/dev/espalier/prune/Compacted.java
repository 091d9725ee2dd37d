package dev.espalier.prune;

import dev.espalier.model.Model;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/**
 * A model without its removed channels and layers.
 *
 * @param model the smaller model, to be closed by the caller
 * @param state the optimiser's tensors by parameter, cut alike, in the scope that was open
 * @param elements the bit masks of single weights, cut alike, in the scope that was open
 * @param outcome what changed, with the proof
 */
public record Compacted(
        Model model, Map<String, List<Tensor>> state, Map<String, BitMask> elements, CompactionReport outcome)
        implements AutoCloseable {
    @Override
    public void close() {
        model.close();
    }
}
