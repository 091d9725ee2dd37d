package dev.espalier.pipeline;

import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.TrainingState;
import java.util.Map;
import java.util.TreeMap;

/** The dense model that narrower ones are raced against. */
final class RaceModel {
    private RaceModel() {}

    /** The model in training without zeros: masked kernels would skip those, and the race must be with the dense ones. */
    static Model of(TrainingState training) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Map<String, Tensor> tensors = new TreeMap<>();
            training.tensors().forEach((name, tensor) -> {
                Tensor small = Tensor.full(1e-6, tensor.dtype(), tensor.device());
                boolean weight = tensor.rank() > 1 && tensor.dtype().isFloating();
                tensors.put(name, weight ? tensor.where(tensor.ne(0), small) : tensor);
            });
            return new Model(training.graph(), Weights.copyOf(tensors), Metadata.NONE);
        }
    }
}
