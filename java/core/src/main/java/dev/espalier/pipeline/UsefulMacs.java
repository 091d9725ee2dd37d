package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.op.Cost;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** The multiply-accumulates of a model that a weight other than zero takes part in: what masked and small models have in common. */
public final class UsefulMacs {
    private UsefulMacs() {}

    /** Per sample: each node's multiply-accumulates times the share of its weights that are not zero. */
    public static double of(Model model) {
        Graph graph = model.graph();
        double all = 0;
        double useful = 0;
        for (Map.Entry<Node, Cost> cost : graph.costs().entrySet()) {
            double macs = cost.getValue().macs();
            if (macs > 0) {
                all += macs;
                useful += macs * density(model, cost.getKey());
            }
        }
        // Costs are of the graph's batch, its multiply-accumulates of one sample.
        return all == 0 ? 0 : graph.macs() * (useful / all);
    }

    private static double density(Model model, Node node) {
        double nonzero = 0;
        long weights = 0;
        for (int input : node.op().weightInputs()) {
            String parameter = node.inputs().get(input);
            if (model.graph().parameters().containsKey(parameter)) {
                Tensor weight = model.weights().get(parameter);
                try (Scope scope = Scope.open()) {
                    nonzero += weight.detach().ne(0).sum().item();
                }
                weights += weight.numel();
            }
        }
        return weights == 0 ? 1 : nonzero / weights;
    }
}
