package dev.espalier.plan;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Weights;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.KernelException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Pins a kernel to every node of a graph for inference on one device. A convolution whose weight is mostly zero may run by the
 * masked kernel, if a trial on its real shape says that this is faster here and now.
 */
final class Planner {
    /** Below this share of zeros no masked kernel has been seen to win, so none is tried. */
    static final double LEAST_SPARSITY = 0.7;

    /** A node's instruction with the kernel that carries it out. */
    record Pinned(Instruction instruction, NodeKernel kernel) {}

    private final Graph graph;
    private final Weights weights;
    private final Set<String> folded;
    private final int batch;
    private final Scope owner;

    /**
     * @param folded names of the convolutions that took in a normalisation
     * @param batch samples per run that trials assume
     * @param owner what will own the packed weights of masked kernels
     */
    Planner(Graph graph, Weights weights, Set<String> folded, int batch, Scope owner) {
        this.graph = graph;
        this.weights = weights;
        this.folded = folded;
        this.batch = batch;
        this.owner = owner;
    }

    /** One instruction per node, in order; needs an open scope. */
    List<Pinned> plan() {
        return graph.nodes().stream()
                .map(node -> sparse(node).map(weight -> tried(node, weight)).orElseGet(() -> dense(node, "")))
                .toList();
    }

    private Pinned dense(Node node, String why) {
        String fold = folded.contains(node.name()) ? "batch normalisation folded in" : "";
        String reason = fold.isEmpty() || why.isEmpty() ? fold + why : fold + "; " + why;
        Instruction instruction =
                new Instruction(node, "libtorch", reason.isEmpty() ? "the only kernel for this operator" : reason);
        return new Pinned(instruction, node.op()::evaluate);
    }

    /** The weight of a two-axis convolution on the CPU that is worth a trial. */
    private Optional<Tensor> sparse(Node node) {
        if (!(node.op() instanceof Conv)
                || !weights.names().contains(node.inputs().get(1))) {
            return Optional.empty();
        }
        boolean biasFed = node.inputs().size() > 2
                && !node.inputs().get(2).isEmpty()
                && !weights.names().contains(node.inputs().get(2));
        Tensor weight = weights.get(node.inputs().get(1));
        boolean suits = weight.rank() == 4
                && weight.dtype() == DType.F32
                && weight.device().equals(Device.CPU)
                && !biasFed;
        return suits && sparsity(weight) >= LEAST_SPARSITY ? Optional.of(weight) : Optional.empty();
    }

    private static double sparsity(Tensor weight) {
        try (Scope scope = Scope.open()) {
            return weight.eq(0).to(DType.F64).mean().item();
        }
    }

    private Pinned tried(Node node, Tensor weight) {
        String zeros = String.format(Locale.ROOT, "%.1f %% zeros", 100 * sparsity(weight));
        if (Determinism.isEnabled()) {
            return dense(node, zeros + ", deterministic mode makes no choice by timing");
        }
        try (Scope scope = Scope.open()) {
            MaskedConv masked = MaskedConv.pack(
                    (Conv) node.op(), weight, graph.type(node.inputs().get(0)));
            Trial trial = Trials.ofMachine().of(key(node, weight), () -> trial(node, masked));
            String times = String.format(
                    Locale.ROOT,
                    "%s, %s at batch %d: masked %.3f ms, dense %.3f ms",
                    zeros,
                    weight.shape(),
                    batch,
                    trial.maskedMillis(),
                    trial.denseMillis());
            if (!trial.maskedWins()) {
                return dense(node, times);
            }
            masked.tensors().forEach(owner::adopt);
            return new Pinned(new Instruction(node, masked.kernelName(), times), masked);
        } catch (KernelException e) {
            return dense(node, zeros + ", but " + e.getMessage());
        }
    }

    /** What the trial of a convolution depends on. */
    private String key(Node node, Tensor weight) {
        TensorType input = graph.type(node.inputs().get(0));
        ConvolutionWindow window = ((Conv) node.op()).over(image(input), weight.shape());
        return String.format(
                Locale.ROOT,
                "inference conv2d_element %s over %s, %s, batch %d, sparsity %.2f",
                weight.shape(),
                image(input),
                window,
                batch,
                Math.floor(20 * sparsity(weight)) / 20);
    }

    static Shape image(TensorType input) {
        return Shape.of(input.dim(1), input.dim(2), input.dim(3));
    }

    private Trial trial(Node node, NodeKernel masked) {
        List<Tensor> in = inputs(node);
        return Trial.run(() -> once(node.op()::evaluate, in), () -> once(masked, in));
    }

    private static void once(NodeKernel kernel, List<Tensor> in) {
        try (Scope scope = Scope.open()) {
            kernel.evaluate(Evaluation.INFERENCE, List.copyOf(in));
        }
    }

    /** Random images of the real shape, laid out as in a run, and the node's weights. */
    private List<Tensor> inputs(Node node) {
        TensorType type = graph.type(node.inputs().get(0));
        long[] dims = type.shape().toArray();
        dims[0] = dims[0] == -1 ? batch : dims[0];
        Tensor x = Tensor.rand(Device.CPU, dims).channelsLast();
        Tensor weight = weights.get(node.inputs().get(1));
        boolean biased = node.inputs().size() > 2 && !node.inputs().get(2).isEmpty();
        return biased ? List.of(x, weight, weights.get(node.inputs().get(2))) : List.of(x, weight);
    }
}
