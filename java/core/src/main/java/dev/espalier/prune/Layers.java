package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Add;
import dev.espalier.prune.BranchTracer.Side;
import dev.espalier.prune.BranchTracer.Way;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The branches of a graph that can go whole, found by what serves what, whatever the architecture.
 *
 * <p>An Add of two values of one type joins a branch to a shortcut. The branch is computed for this Add alone and multiplies with
 * weights; the shortcut is what is more like the value from before: used elsewhere too, or moved without weights, or with something
 * that passes by the weights. Where both sides are alike, as with a projection for a shortcut, neither can go. Nor can a branch on
 * which it hangs that an output depends on an input. Layers in a chain, with no Add around them, are no matter of this class: nothing
 * would be left in their place.
 */
public final class Layers {
    private final Graph graph;
    private final Map<String, Layer> removable = new LinkedHashMap<>();
    private final List<Frozen> frozen = new ArrayList<>();
    private final Map<String, Set<String>> sources;

    private Layers(Graph graph, Set<String> ignored) {
        this.graph = graph;
        this.sources = BranchTracer.sources(graph);
        BranchTracer tracer = new BranchTracer(graph);
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Add && node.inputs().stream().allMatch(tracer::isComputed)) {
                judge(node, tracer, ignored);
            }
        }
    }

    /**
     * Looks for branches.
     *
     * @param ignored names of nodes that must stay, and with them the branches that they are in
     */
    public static Layers of(Graph graph, Set<String> ignored) {
        return new Layers(graph, ignored);
    }

    /** As {@link #of(Graph, Set)} with no node ignored. */
    public static Layers of(Graph graph) {
        return of(graph, Set.of());
    }

    private void judge(Node add, BranchTracer tracer, Set<String> ignored) {
        Side a = tracer.side(add, add.inputs().get(0));
        Side b = tracer.side(add, add.inputs().get(1));
        boolean first = a.way().compareTo(b.way()) > 0;
        Side branch = first ? a : b;
        Side shortcut = first ? b : a;
        if (branch.way().compareTo(Way.BYPASSED) < 0) {
            frozen.add(new Frozen(add.name(), "neither side has weights of its own"));
        } else if (branch.way() == shortcut.way()) {
            frozen.add(new Frozen(add.name(), "both sides have weights of their own: no shortcut would be left"));
        } else if (!graph.type(branch.value()).equals(graph.type(shortcut.value()))) {
            frozen.add(new Frozen(
                    add.name(),
                    "its sides differ in type: " + graph.type(branch.value()) + " and "
                            + graph.type(shortcut.value())));
        } else {
            List<String> nodes = branch.nodes().stream().map(Node::name).toList();
            offer(
                    new Layer(add.name(), branch.value(), shortcut.value(), nodes, List.copyOf(branch.weights())),
                    ignored);
        }
    }

    private void offer(Layer layer, Set<String> ignored) {
        Optional<String> named =
                layer.nodes().stream().filter(ignored::contains).findFirst();
        if (named.isPresent() || ignored.contains(layer.id())) {
            frozen.add(new Frozen(layer.id(), "node '" + named.orElse(layer.id()) + "' is ignored by request"));
            return;
        }
        Optional<String> lost = lost(LayerCut.of(graph, List.of(layer)));
        if (lost.isPresent()) {
            frozen.add(new Frozen(layer.id(), lost.get()));
        } else {
            removable.put(layer.id(), layer);
        }
    }

    /** What an output of a smaller graph no longer depends on, as a reason. */
    private Optional<String> lost(Graph smaller) {
        Map<String, Set<String>> left = BranchTracer.sources(smaller);
        for (String output : graph.outputs()) {
            for (String input : sources.getOrDefault(output, Set.of())) {
                if (!left.getOrDefault(output, Set.of()).contains(input)) {
                    return Optional.of(
                            "without it output '" + output + "' does not depend on input '" + input + "' any more");
                }
            }
        }
        return Optional.empty();
    }

    /** The graph that was looked at. */
    public Graph graph() {
        return graph;
    }

    /** What can go, in the order of the graph; each alone, not always all together. */
    public List<Layer> removable() {
        return List.copyOf(removable.values());
    }

    /** Every other Add of computed values, with the reason why it must stay. */
    public List<Frozen> frozen() {
        return List.copyOf(frozen);
    }

    /** The layer of this id, if there is one that can go. */
    public Optional<Layer> find(String id) {
        return Optional.ofNullable(removable.get(id));
    }

    /**
     * The layers of these ids.
     *
     * @throws PruningException if one of them cannot go, or not together with the others
     */
    List<Layer> chosen(Collection<String> ids) {
        List<Layer> chosen = new ArrayList<>();
        for (String id : ids) {
            chosen.add(find(id).orElseThrow(() -> new PruningException("mask names layer '" + id + "', which graph '"
                    + graph.name() + "' cannot lose"
                    + frozen.stream()
                            .filter(f -> f.node().equals(id))
                            .findFirst()
                            .map(f -> ": " + f.reason())
                            .orElse("; inspect lists those that can go"))));
        }
        if (!chosen.isEmpty()) {
            lost(LayerCut.of(graph, chosen)).ifPresent(reason -> {
                throw new PruningException("layers " + ids + " cannot all go: " + reason);
            });
        }
        return chosen;
    }

    /** Those of these ids that are of layers which this graph can lose. */
    public Set<String> among(Set<String> ids) {
        Set<String> among = new LinkedHashSet<>(ids);
        among.retainAll(removable.keySet());
        return among;
    }

    /** Whether the graph can lose all of these layers. */
    boolean canLose(Collection<String> ids) {
        return lost(without(ids)).isEmpty();
    }

    /** The graph without layers that can go. */
    Graph without(Collection<String> ids) {
        return LayerCut.of(graph, ids.stream().flatMap(id -> find(id).stream()).toList());
    }

    /** The ids of all layers that are not in a smaller graph any more: those cut out, and those within them. */
    Set<String> missing(Graph smaller) {
        Set<String> missing = new LinkedHashSet<>(removable.keySet());
        smaller.nodes().stream().filter(n -> n.op() instanceof Add).forEach(n -> missing.remove(n.name()));
        return missing;
    }
}
