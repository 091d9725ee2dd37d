package dev.espalier.train;

import dev.espalier.graph.Graph;

/** Turns a graph, without its weights, into bytes for a checkpoint, and back. */
public interface GraphCodec {
    byte[] encode(Graph graph);

    /** The graph that {@link #encode} was given: equal nodes, parameters and types. */
    Graph decode(byte[] bytes);
}
