package dev.espalier.pipeline;

import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.TensorHolder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Tensors by name. */
record Tensors(Map<String, Tensor> byName) implements TensorHolder {
    static Tensors copyOf(Map<String, Tensor> tensors) {
        Map<String, Tensor> copies = new TreeMap<>();
        tensors.forEach((name, tensor) -> copies.put(name, tensor.detach().copy()));
        return new Tensors(copies);
    }

    @Override
    public List<Tensor> tensors() {
        return List.copyOf(byName.values());
    }
}
