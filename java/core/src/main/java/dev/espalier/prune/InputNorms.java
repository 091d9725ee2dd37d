package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Conv;
import dev.espalier.op.ConvTranspose;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Gemm;
import dev.espalier.op.MatMul;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Watches runs of a graph and sums, for every weight of a convolution or matrix product, the squares of the inputs it multiplies.
 *
 * <p>Such an operator is linear in its weight, so the gradient of the sum of its outputs is, at each weight, the sum of the inputs that
 * meet it, whatever the strides, padding and groups; fed with squared inputs it is the sum of squares. Gradients must be recorded on
 * the thread that runs the graph. Scaled by a factor inside the operator where it has one (Gemm's alpha).
 */
public final class InputNorms implements Execution.Observer {
    private final Map<String, Tensor> sums = new LinkedHashMap<>();

    /** Prepares for the weights of a graph; the sums belong to the scope that is open now. */
    public InputNorms(Graph graph, Map<String, Tensor> weights) {
        for (Node node : graph.nodes()) {
            if (isLinear(node)) {
                for (int input : node.op().weightInputs()) {
                    String parameter = node.inputs().get(input);
                    Tensor weight = weights.get(parameter);
                    if (graph.parameters().containsKey(parameter) && weight != null) {
                        sums.computeIfAbsent(
                                parameter,
                                p -> Tensor.zeros(
                                        weight.dtype(),
                                        weight.device(),
                                        weight.shape().toArray()));
                    }
                }
            }
        }
    }

    private static boolean isLinear(Node node) {
        return node.op() instanceof Conv
                || node.op() instanceof ConvTranspose
                || node.op() instanceof Gemm
                || node.op() instanceof MatMul;
    }

    @Override
    public void observe(Node node, List<@Nullable Tensor> in, List<Tensor> out) {
        if (!isLinear(node)) {
            return;
        }
        for (int input : node.op().weightInputs()) {
            Tensor sum = sums.get(node.inputs().get(input));
            Tensor other = in.get(input == 0 ? 1 : 0);
            if (sum != null && other != null) {
                add(node, input, other, sum);
            }
        }
    }

    private static void add(Node node, int input, Tensor other, Tensor sum) {
        if (!Grad.isEnabled()) {
            throw new IllegalStateException("norms of inputs are found by gradients, which are switched off");
        }
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensor.zeros(sum.dtype(), sum.device(), sum.shape().toArray())
                    .setRequiresGrad(true);
            List<@Nullable Tensor> operands = new ArrayList<>();
            operands.add(input == 0 ? weight : other.detach().square());
            operands.add(input == 0 ? other.detach().square() : weight);
            node.op().evaluate(Evaluation.INFERENCE, operands).get(0).sum().backward();
            Tensor squares = weight.grad();
            if (squares != null) {
                sum.addInPlace(squares.abs());
            }
        }
    }

    /** The norms seen so far, by parameter, in the open scope. */
    public Map<String, Tensor> result() {
        Map<String, Tensor> norms = new LinkedHashMap<>();
        sums.forEach((parameter, sum) -> norms.put(parameter, sum.sqrt()));
        return norms;
    }
}
