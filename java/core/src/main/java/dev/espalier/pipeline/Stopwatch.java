package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;

/** Tells how long models take: at once from what is known of their layers, or by running them. */
interface Stopwatch {
    /** Milliseconds of one run, from layers timed alone. */
    double estimate(Graph graph);

    /** How many layers were timed alone so far. */
    int layerTimings();

    /** Runs both in turns. */
    LatencyRatio race(Model dense, Model pruned);
}
