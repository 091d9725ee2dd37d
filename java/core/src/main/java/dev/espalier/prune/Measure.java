package dev.espalier.prune;

/** What a criterion may read besides the weights. */
public enum Measure {
    /** By parameter: the mean gradient of the loss over batches. */
    GRADIENTS("gradient", "run a backward pass first or choose a criterion of weights"),
    /** By parameter: the mean over batches of the square of each batch's gradient. */
    SQUARED_GRADIENTS("squared gradient", "accumulate squared gradients batch by batch first"),
    /** By parameter: the Hessian of the loss times its gradient. */
    HESSIAN_GRADIENTS("product of Hessian and gradient", "measure it on batches first"),
    /** By parameter: the gradient of what flows through the network of magnitudes. */
    FLOW_GRADIENTS("gradient of the synaptic flow", "compute the flow first"),
    /** By parameter: for each weight the Euclidean norm of all inputs that it multiplies, see {@link InputNorms}. */
    INPUT_NORMS(
            "norm of inputs",
            "measure it on batches first; it exists for the weights of Conv, ConvTranspose, Gemm and MatMul"),
    /** By group, [channels]: the share of activations that are not zero, see {@link ActivationMeasure}. */
    NONZERO_SHARES("share of nonzero activations", "measure activations on batches first"),
    /** By group, [channels]: the mean magnitude of activations. */
    ACTIVATIONS("mean activation", "measure activations on batches first"),
    /** By group, [channels]: the mean rank of feature maps. */
    RANKS("mean rank of feature maps", "measure activations on batches first"),
    /** By layer, [1]: how much of what leaves it is its own, see {@link LayerChanges}. */
    LAYER_CHANGES("relative change", "run batches through the graph first"),
    /** By group or parameter, [shares]: how the loss changes as it alone loses each of {@link Sensitivity#SHARES}. */
    DAMAGES("damage to the loss", "scan the layers on batches first");

    private final String noun;
    private final String advice;

    Measure(String noun, String advice) {
        this.noun = noun;
        this.advice = advice;
    }

    String noun() {
        return noun;
    }

    String advice() {
        return advice;
    }

    /** Whether it is known by group and channel, or by layer, instead of by parameter. */
    public boolean isByGroup() {
        return this == NONZERO_SHARES || this == ACTIVATIONS || this == RANKS || this == LAYER_CHANGES;
    }

    /** Whether it has the shape of the parameter that it is known by. */
    boolean isByWeight() {
        return !isByGroup() && this != DAMAGES;
    }

    /** Whether batches are needed to measure it. */
    public boolean needsData() {
        return this != FLOW_GRADIENTS;
    }
}
