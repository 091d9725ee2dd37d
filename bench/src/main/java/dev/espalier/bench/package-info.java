/** JMH benchmarks; each proves its answers before it is timed. */
@NullMarked
package dev.espalier.bench;

import org.jspecify.annotations.NullMarked;
