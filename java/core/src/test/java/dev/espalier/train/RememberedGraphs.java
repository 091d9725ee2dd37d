package dev.espalier.train;

import dev.espalier.graph.Graph;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Encodes a graph as its number in a list in memory. */
public final class RememberedGraphs implements GraphCodec {
    private final List<Graph> graphs = new ArrayList<>();

    @Override
    public byte[] encode(Graph graph) {
        if (!graphs.contains(graph)) {
            graphs.add(graph);
        }
        return ByteBuffer.allocate(Integer.BYTES).putInt(graphs.indexOf(graph)).array();
    }

    @Override
    public Graph decode(byte[] bytes) {
        return graphs.get(ByteBuffer.wrap(bytes).getInt());
    }
}
