package dev.espalier.train;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** The gradient of the recipe's penalties on weights, added to that of the loss. */
final class Penalty {
    /** Norms below this count as this, so that an all-zero channel has a zero gradient, not an undefined one. */
    private static final double SMALLEST_NORM = 1e-12;

    private final RegularisationRecipe recipe;
    private final Set<String> scales = new HashSet<>();

    Penalty(RegularisationRecipe recipe, Graph graph) {
        this.recipe = recipe;
        for (Node node : graph.nodes()) {
            if (node.op().type().equals("BatchNormalization")) {
                scales.add(node.inputs().get(1));
            }
        }
    }

    void addTo(Map<String, Tensor> parameters) {
        try (Grad guard = Grad.disabled()) {
            parameters.forEach((name, parameter) -> {
                Tensor gradient = parameter.grad();
                if (gradient != null) {
                    try (Scope scope = Scope.open()) {
                        add(name, parameter, gradient);
                    }
                }
            });
        }
    }

    private void add(String name, Tensor parameter, Tensor gradient) {
        if (scales.contains(name)) {
            if (recipe.scaleL1() > 0) {
                gradient.addInPlace(parameter.sign(), recipe.scaleL1());
            }
        } else if (parameter.rank() > 1) {
            if (recipe.l1() > 0) {
                gradient.addInPlace(parameter.sign(), recipe.l1());
            }
            if (recipe.l2() > 0) {
                gradient.addInPlace(parameter, recipe.l2());
            }
            if (recipe.groupLasso() > 0) {
                gradient.addcdivInPlace(parameter, channelNorms(parameter), recipe.groupLasso());
            }
        }
    }

    /** L2 norms over all axes but the first, which counts output channels in Conv and transposed Gemm weights. */
    private static Tensor channelNorms(Tensor weight) {
        int[] others = IntStream.range(1, weight.rank()).toArray();
        Tensor norms = weight.square().sum(true, others).sqrt();
        norms.clampInPlace(SMALLEST_NORM, Double.POSITIVE_INFINITY);
        return norms;
    }
}
