package dev.espalier.bench;

import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Filters of all convolutions of a model with one gradient each, both normally distributed, in a scope of their own. */
record FilterSet(Scope owner, List<Tensor> weights, List<Tensor> gradients) implements AutoCloseable {
    static FilterSet of(String model) {
        Rng.seed(1);
        List<Tensor> weights = new ArrayList<>();
        List<Tensor> gradients = new ArrayList<>();
        Scope owner = Scope.owner("benchmark");
        try (Scope scope = Scope.open();
                Model made = Models.create(model, Shape.of(3, 32, 32), 10, 1, 1)) {
            for (Tensor weight : made.weights().asMap().values()) {
                if (weight.rank() == 4) {
                    long[] shape = weight.shape().toArray();
                    weights.add(owner.adopt(Tensor.randn(Device.CPU, shape)));
                    gradients.add(owner.adopt(Tensor.randn(Device.CPU, shape)));
                }
            }
        }
        return new FilterSet(owner, List.copyOf(weights), List.copyOf(gradients));
    }

    long elements() {
        return weights.stream().mapToLong(Tensor::numel).sum();
    }

    @Override
    public void close() {
        owner.close();
    }
}
