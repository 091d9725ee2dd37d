package dev.espalier.train;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Recurrence;
import dev.espalier.op.WeightAxes;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The gradient of the recipe's penalties on weights, added to that of the loss. */
final class Penalty {
    /** Norms below this count as this, so that an all-zero channel has a zero gradient, not an undefined one. */
    private static final double SMALLEST_NORM = 1e-12;

    private final PenaltyRecipe recipe;
    private final Set<String> scales = new HashSet<>();
    /** Biases of more than one axis. */
    private final Set<String> biases = new HashSet<>();
    /** How weights are laid out whose outputs are known. */
    private final Map<String, Layout> layouts = new HashMap<>();

    /** @param directions whether the first axis is a recurrent layer's direction, each of which has outputs of its own */
    private record Layout(WeightAxes axes, boolean directions) {}

    Penalty(PenaltyRecipe recipe, Graph graph) {
        this.recipe = recipe;
        for (Node node : graph.nodes()) {
            if (node.op().type().equals("BatchNormalization")) {
                scales.add(node.inputs().get(1));
            }
            if (node.op() instanceof Recurrence && node.inputs().size() > 3) {
                biases.add(node.inputs().get(3));
            }
            for (int input : node.op().weightInputs()) {
                String weight = node.inputs().get(input);
                if (graph.parameters().containsKey(weight)) {
                    node.op()
                            .weightAxes(input, graph.type(weight).rank())
                            .ifPresent(axes ->
                                    layouts.putIfAbsent(weight, new Layout(axes, node.op() instanceof Recurrence)));
                }
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
        boolean kinks = !recipe.proximal();
        if (scales.contains(name)) {
            if (kinks && recipe.scaleL1() > 0) {
                gradient.addInPlace(parameter.sign(), recipe.scaleL1());
            }
        } else if (parameter.rank() > 1 && !biases.contains(name)) {
            if (kinks && recipe.l1() > 0) {
                gradient.addInPlace(parameter.sign(), recipe.l1());
            }
            if (recipe.l2() > 0) {
                gradient.addInPlace(parameter, recipe.l2());
            }
            Layout layout = layouts.get(name);
            if (kinks && recipe.groupLasso() > 0 && layout != null) {
                gradient.addcdivInPlace(parameter, channelNorms(layout, parameter), recipe.groupLasso());
            }
        }
    }

    /**
     * The proximal steps of one update: absolute values, then norms, fall by the learning rate times their factor, to zero at least.
     */
    void shrink(Map<String, Tensor> parameters, double learningRate) {
        try (Grad guard = Grad.disabled()) {
            parameters.forEach((name, parameter) -> {
                try (Scope scope = Scope.open()) {
                    if (scales.contains(name)) {
                        soften(parameter, learningRate * recipe.scaleL1());
                    } else if (parameter.rank() > 1 && !biases.contains(name)) {
                        soften(parameter, learningRate * recipe.l1());
                        Layout layout = layouts.get(name);
                        if (recipe.groupLasso() > 0 && layout != null) {
                            Tensor norms = channelNorms(layout, parameter);
                            parameter.mulInPlace(norms.pow(-1)
                                    .mul(-learningRate * recipe.groupLasso())
                                    .add(1)
                                    .clamp(0, 1));
                        }
                    }
                }
            });
        }
    }

    private static void soften(Tensor parameter, double by) {
        if (by > 0) {
            parameter.subInPlace(parameter.clamp(-by, by));
        }
    }

    /** The L2 norm of each output, at all its weights, in the weight's shape. */
    private static Tensor channelNorms(Layout layout, Tensor weight) {
        Tensor norms;
        if (layout.directions()) {
            norms = weight.square().sum(true, layout.axes().inputs()).sqrt();
        } else {
            Tensor folded = layout.axes().fold(weight.square());
            Tensor sums = folded.sum(true, 3, 4).sqrt();
            norms = layout.axes().unfold(sums.expand(folded.shape().toArray()), weight.shape());
        }
        return norms.clamp(SMALLEST_NORM, Float.MAX_VALUE);
    }
}
