package dev.espalier.runtime;

import java.util.List;

/** A value made of tensors, which {@link Scope#keep} moves together. */
public interface TensorHolder {
    /** All tensors of this value. */
    List<Tensor> tensors();
}
