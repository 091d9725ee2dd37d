/**
 * Models: a graph with the tensors of its parameters and what must be known to use it, and the ready-made architectures, built
 * layer by layer with {@link dev.espalier.model.ModelBuilder}.
 */
@NullMarked
package dev.espalier.model;

import org.jspecify.annotations.NullMarked;
