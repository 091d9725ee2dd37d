/**
 * Operators with ONNX names and semantics (operator sets 11 to 21): each is an immutable record that owns its shape rule, its cost and
 * its evaluation. Inputs that ONNX passes as constant tensors (the shape of a Reshape, the bounds of a Clip) are fields of the
 * record, so that a graph holds no hidden values; {@link dev.espalier.op.Ops} makes operators from names and attributes.
 */
@NullMarked
package dev.espalier.op;

import org.jspecify.annotations.NullMarked;
