package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Einsum;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Multiply-accumulates with weights, counted from the tensors that go through the nodes of one sample. */
final class Recount implements Execution.Observer {
    private static final Set<String> MOVES = Set.of("Transpose", "Reshape", "Squeeze", "Unsqueeze");

    private final Set<String> weights;
    private long macs;

    Recount(Graph graph) {
        this.weights = new HashSet<>(graph.parameters().keySet());
        for (Node node : graph.nodes()) {
            if (MOVES.contains(node.op().type()) && weights.containsAll(node.inputs())) {
                weights.addAll(node.outputs());
            }
        }
    }

    long macs() {
        return macs;
    }

    private boolean weighs(Node node) {
        return node.inputs().stream().anyMatch(weights::contains);
    }

    @Override
    public void observe(Node node, List<@Nullable Tensor> in, List<Tensor> out) {
        if (!weighs(node)) {
            return;
        }
        Tensor x = in.get(0);
        Tensor w = in.size() > 1 ? in.get(1) : null;
        if (x == null || w == null) {
            return;
        }
        macs += switch (node.op().type()) {
            case "Conv" -> out.get(0).numel() * w.numel() / w.size(0);
            case "ConvTranspose" -> x.numel() * w.numel() / w.size(0);
            case "Gemm" -> out.get(0).numel() * w.numel() / out.get(0).size(1);
            case "MatMul" -> out.get(0).numel() * x.size(x.rank() - 1);
            case "LSTM", "GRU", "RNN" -> {
                Tensor r = in.get(2);
                yield x.size(0) * (w.numel() + (r == null ? 0 : r.numel()));
            }
            case "Einsum" -> products(((Einsum) node.op()).equation(), in);
            default -> 0L;
        };
    }

    private static long products(String equation, List<@Nullable Tensor> in) {
        Map<Character, Long> sizes = new HashMap<>();
        List<String> terms = List.of(equation.replaceAll("->.*", "").split(",", -1));
        for (int i = 0; i < terms.size(); i++) {
            Tensor operand = in.get(i);
            for (int axis = 0; operand != null && axis < operand.rank(); axis++) {
                sizes.put(terms.get(i).charAt(axis), operand.size(axis));
            }
        }
        return in.size() > 1 ? sizes.values().stream().reduce(1L, Math::multiplyExact) : 0;
    }
}
