package dev.espalier.model;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** The tensors of a graph's parameters by name, owned until closed. */
public final class Weights implements AutoCloseable {
    private final Scope owner;
    private final Map<String, Tensor> tensors;

    private Weights(Scope owner, Map<String, Tensor> tensors) {
        this.owner = owner;
        this.tensors = Collections.unmodifiableMap(tensors);
    }

    /** Copies of the tensors, cut off from autograd. */
    public static Weights copyOf(Map<String, Tensor> tensors) {
        return mapped(tensors, t -> t.detach().copy());
    }

    /** As {@link #copyOf(Map)}, on a device. */
    public static Weights copyOf(Map<String, Tensor> tensors, Device device) {
        return mapped(
                tensors,
                t -> t.device().equals(device) ? t.detach().copy() : t.detach().to(device));
    }

    /** Takes over the tensors themselves from whatever scope owns them. */
    public static Weights adopt(Map<String, Tensor> tensors) {
        return mapped(tensors, t -> t);
    }

    private static Weights mapped(Map<String, Tensor> tensors, UnaryOperator<Tensor> change) {
        Scope owner = Scope.owner("weights");
        Map<String, Tensor> own = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            tensors.forEach((name, tensor) -> own.put(name, owner.adopt(change.apply(tensor))));
        } catch (RuntimeException e) {
            owner.close();
            throw e;
        }
        return new Weights(owner, own);
    }

    /** The tensor of this name, still owned by these weights. */
    public Tensor get(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new EspalierException("no weight is named '" + name + "'");
        }
        return tensor;
    }

    public Set<String> names() {
        return tensors.keySet();
    }

    /** Copies on a device, even if it is the same. */
    public Weights to(Device device) {
        return copyOf(tensors, device);
    }

    public Weights copy() {
        return copyOf(tensors);
    }

    /** An unmodifiable view; the tensors are still owned by these weights. */
    public Map<String, Tensor> asMap() {
        return tensors;
    }

    @Override
    public void close() {
        owner.close();
    }
}
