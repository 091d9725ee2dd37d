/**
 * What a run cost, and whom: a self-contained HTML page with tables, charts and the samples that pruning lost.
 *
 * <p>Charts are static SVG, the same bytes for the same numbers, so that they can be tested and need no script and no network.
 */
@NullMarked
package dev.espalier.report;

import org.jspecify.annotations.NullMarked;
