/** Which channels and weights a network can lose, and the smaller network without them. */
@NullMarked
package dev.espalier.prune;

import org.jspecify.annotations.NullMarked;
