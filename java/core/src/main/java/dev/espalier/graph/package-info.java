/**
 * The graph of a network: nodes apply operators to named values. A graph is immutable and valid by construction; it knows the
 * type of every value, the cost of every node and which parameters count, but holds no tensor.
 */
@NullMarked
package dev.espalier.graph;

import org.jspecify.annotations.NullMarked;
