package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.ChannelCut;
import dev.espalier.op.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The graph that is left when groups keep the chosen channels, by id, and the others all. */
final class GraphCut {
    private final ChannelGroups groups;
    private final Map<String, Kept> choice;

    private GraphCut(ChannelGroups groups, Map<String, Kept> choice) {
        this.groups = groups;
        this.choice = choice;
    }

    static Graph of(ChannelGroups groups, Map<String, Kept> choice) {
        GraphCut cut = new GraphCut(groups, choice);
        Graph graph = groups.graph();
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        groups.affected().forEach(p -> parameters.computeIfPresent(p, cut::shrunk));
        Map<String, TensorType> inputs = new LinkedHashMap<>(graph.inputs());
        inputs.replaceAll(cut::shrunk);
        List<Node> nodes = graph.nodes().stream().map(cut::fitted).toList();
        return graph.with(inputs, nodes, parameters);
    }

    /** The whole graph, with operators whose statistics leave out what does not stay. */
    static Graph masked(ChannelGroups groups, Map<String, Kept> choice) {
        GraphCut cut = new GraphCut(groups, choice);
        Graph graph = groups.graph();
        List<Node> nodes = graph.nodes().stream()
                .map(node -> new Node(node.name(), node.op().masked(cut.around(node)), node.inputs(), node.outputs()))
                .toList();
        return graph.with(nodes, graph.parameters());
    }

    private TensorType shrunk(String value, TensorType type) {
        long[] dims = type.shape().toArray();
        for (int axis = 0; axis < dims.length; axis++) {
            if (dims[axis] >= 0) {
                dims[axis] = ChannelCut.count(groups.kept(value, axis, choice));
            }
        }
        return type.withShape(dims);
    }

    private Node fitted(Node node) {
        return new Node(node.name(), node.op().cut(around(node)), node.inputs(), node.outputs());
    }

    private ChannelCut around(Node node) {
        return new ChannelCut() {
            @Override
            public boolean[] keptInput(int input, int axis) {
                return groups.kept(node.inputs().get(input), axis, choice);
            }

            @Override
            public boolean[] keptOutput(int output, int axis) {
                return groups.kept(node.outputs().get(output), axis, choice);
            }
        };
    }
}
