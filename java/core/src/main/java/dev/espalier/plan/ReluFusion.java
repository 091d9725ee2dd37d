package dev.espalier.plan;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Add;
import dev.espalier.op.Conv;
import dev.espalier.op.Relu;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Merges each Relu, with an Add before it, into the convolution that feeds it, for inference on CUDA: there cuDNN adds bias and
 * residual and cuts at zero while it stores, and the sum is neither written nor read again.
 */
final class ReluFusion {
    private final Graph graph;

    private ReluFusion(Graph graph) {
        this.graph = graph;
    }

    /** The smaller graph, and what each convolution took in or why it did not, by its name. */
    record Fused(Graph graph, Map<String, String> notes) {}

    /** @param refusal why the device does not compute a merged node, which reads values of {@code graph}; empty if it does */
    static Fused fuse(Graph graph, Function<Node, Optional<String>> refusal) {
        return new ReluFusion(graph).run(refusal);
    }

    /** A convolution and what it can take in. */
    private record Chain(Node conv, Optional<Node> add, Node relu) {
        Node merged() {
            List<String> inputs = new ArrayList<>(conv.inputs());
            if (inputs.size() == 2) {
                inputs.add("");
            }
            add.ifPresent(sum -> inputs.add(sum.inputs().get(1 - sum.inputs().indexOf(conv.output()))));
            return new Node(conv.name(), new ConvRelu((Conv) conv.op()), inputs, relu.outputs());
        }
    }

    private Fused run(Function<Node, Optional<String>> refusal) {
        Map<Node, Node> merged = new HashMap<>();
        Set<Node> dropped = new HashSet<>();
        Map<String, String> notes = new HashMap<>();
        for (Node node : graph.nodes()) {
            chain(node).ifPresent(chain -> {
                Optional<String> refused = refusal.apply(chain.merged());
                String what = chain.add().isPresent() ? "Add and Relu " : "Relu ";
                notes.put(
                        chain.conv().name(),
                        what + refused.map(why -> "not fused in: " + why).orElse("fused in"));
                if (refused.isEmpty()) {
                    merged.put(node, chain.merged());
                    dropped.add(chain.conv());
                    chain.add().ifPresent(dropped::add);
                }
            });
        }
        List<Node> nodes = graph.nodes().stream()
                .filter(node -> !dropped.contains(node))
                .map(node -> merged.getOrDefault(node, node))
                .toList();
        return new Fused(graph.with(nodes, graph.parameters()), notes);
    }

    private Optional<Chain> chain(Node relu) {
        if (!(relu.op() instanceof Relu)) {
            return Optional.empty();
        }
        Optional<Node> before = onlyFor(relu, relu.inputs().get(0));
        Optional<Node> sum = before.filter(node -> node.op() instanceof Add);
        return before.filter(this::suits)
                .map(conv -> new Chain(conv, Optional.empty(), relu))
                .or(() -> sum.flatMap(this::addend).map(conv -> new Chain(conv, sum, relu)));
    }

    /** The convolution whose output an Add reads, beside a residual of the same type. */
    private Optional<Node> addend(Node add) {
        TensorType type = graph.type(add.output());
        boolean same = graph.inputTypes(add).stream().allMatch(type::equals);
        boolean twice = add.inputs().get(0).equals(add.inputs().get(1));
        return add.inputs().stream()
                .filter(value -> same && !twice)
                .flatMap(value -> onlyFor(add, value).stream())
                .filter(this::suits)
                .findFirst();
    }

    /** The node that makes a value which nobody else reads. */
    private Optional<Node> onlyFor(Node reader, String value) {
        return graph.producer(value)
                .filter(producer -> graph.consumers(value).equals(List.of(reader)))
                .filter(producer -> !graph.outputs().contains(value));
    }

    /** Whether it is of the kind that libtorch tests its fused operators with: two axes, one group, F32 or F16. */
    private boolean suits(Node node) {
        if (!(node.op() instanceof Conv conv)) {
            return false;
        }
        TensorType type = graph.type(node.output());
        return conv.group() == 1 && type.rank() == 4 && (type.dtype() == DType.F32 || type.dtype() == DType.F16);
    }
}
