package dev.espalier.formats.onnx;

import dev.espalier.model.Model;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Shares of exact zeros among a model's weights.
 *
 * @param overall over all weight tensors (rank 2 and more) together
 * @param parameters of each weight tensor, sorted by name
 */
public record Sparsity(double overall, SortedMap<String, Double> parameters) {
    public Sparsity {
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
    }

    /** Counts the zeros of the model's weights, on whatever device they are. */
    public static Sparsity of(Model model) {
        SortedMap<String, Double> shares = new TreeMap<>();
        double zeros = 0;
        double all = 0;
        for (Map.Entry<String, Tensor> entry : model.weights().asMap().entrySet()) {
            Tensor weight = entry.getValue();
            if (weight.rank() >= 2 && weight.dtype().isFloating() && weight.numel() > 0) {
                double count = zeros(weight);
                zeros += count;
                all += weight.numel();
                shares.put(entry.getKey(), count / weight.numel());
            }
        }
        return new Sparsity(all == 0 ? 0 : zeros / all, shares);
    }

    private static double zeros(Tensor weight) {
        try (Scope scope = Scope.open()) {
            return weight.detach().eq(0).to(DType.I64).sum().item();
        }
    }
}
