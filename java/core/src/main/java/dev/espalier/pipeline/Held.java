package dev.espalier.pipeline;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.TensorHolder;

/** A value made of tensors that lives until another takes its place. */
final class Held<T extends TensorHolder> implements AutoCloseable {
    private final String name;
    private Scope owner;
    private T value;

    Held(String name, T value) {
        this.name = name;
        this.owner = Scope.owner(name);
        this.value = value;
    }

    T value() {
        return value;
    }

    /** Takes a value of the open scope; the former one is closed. */
    void hold(T next) {
        Scope holder = Scope.owner(name);
        next.tensors().forEach(holder::adopt);
        owner.close();
        owner = holder;
        value = next;
    }

    @Override
    public void close() {
        owner.close();
    }
}
