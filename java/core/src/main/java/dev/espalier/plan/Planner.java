package dev.espalier.plan;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Weights;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.KernelException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Pins a kernel to every node of a graph for inference on one device. A convolution whose weight is mostly zero may run by a
 * masked kernel, if a trial on its real shape says that this is faster on this machine.
 */
final class Planner {
    /** A node's instruction with the kernel that carries it out. */
    record Pinned(Instruction instruction, NodeKernel kernel) {}

    private final Graph graph;
    private final Weights weights;
    private final Map<String, String> notes;
    private final int batch;
    private final Scope owner;

    /**
     * @param notes what nodes took in, by their names
     * @param batch samples per run that trials assume
     * @param owner what will own the packed weights of masked kernels
     */
    Planner(Graph graph, Weights weights, Map<String, String> notes, int batch, Scope owner) {
        this.graph = graph;
        this.weights = weights;
        this.notes = notes;
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
        String note = notes.getOrDefault(node.name(), "");
        String reason = note.isEmpty() || why.isEmpty() ? note + why : note + "; " + why;
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
        return suits && sparsity(weight) >= MaskedConv.LEAST_SPARSITY ? Optional.of(weight) : Optional.empty();
    }

    private static double sparsity(Tensor weight) {
        try (Scope scope = Scope.open()) {
            return weight.eq(0).to(DType.F64).mean().item();
        }
    }

    /** A kernel with the trial that it had. */
    private record Tried(MaskedConv kernel, Trial trial) {}

    private Pinned tried(Node node, Tensor weight) {
        double sparsity = sparsity(weight);
        String zeros = String.format(Locale.ROOT, "%.1f %% zeros", 100 * sparsity);
        if (Determinism.isEnabled()) {
            return dense(node, zeros + ", deterministic mode makes no choice by timing");
        }
        try (Scope scope = Scope.open()) {
            Conv conv = (Conv) node.op();
            Shape image = image(graph.type(node.inputs().get(0)));
            List<Tried> tried = new ArrayList<>();
            List<String> refused = new ArrayList<>();
            for (MaskedConv.Kind kind : MaskedConv.Kind.worthTrying(weight, conv.group(), batch)) {
                try {
                    MaskedConv kernel = MaskedConv.pack(kind, conv, weight, image);
                    tried.add(new Tried(
                            kernel,
                            Trials.ofMachine().of(key(node, kernel, weight, sparsity), () -> trial(node, kernel))));
                } catch (KernelException e) {
                    refused.add(e.getMessage());
                }
            }
            String reason = Stream.of(Stream.of(zeros), tried.stream().map(this::told), refused.stream())
                    .flatMap(part -> part)
                    .collect(Collectors.joining("; "));
            return tried.stream()
                    .filter(t -> t.trial().maskedWins())
                    .max(Comparator.comparingDouble(t -> t.trial().gain()))
                    .map(best -> pinned(node, best.kernel(), reason))
                    .orElseGet(() -> dense(node, reason));
        }
    }

    private Pinned pinned(Node node, MaskedConv kernel, String reason) {
        kernel.tensors().forEach(owner::adopt);
        return new Pinned(new Instruction(node, kernel.kind().kernelName(), reason), kernel);
    }

    private String told(Tried tried) {
        return String.format(
                Locale.ROOT,
                "batch %d: %s %.3f ms, dense %.3f ms",
                batch,
                tried.kernel().kind().kernelName(),
                tried.trial().maskedMillis(),
                tried.trial().denseMillis());
    }

    /** What the trial of a convolution depends on. */
    private String key(Node node, MaskedConv kernel, Tensor weight, double sparsity) {
        Shape image = image(graph.type(node.inputs().get(0)));
        boolean vectors = kernel.kind() == MaskedConv.Kind.VECTOR16;
        double kept = vectors ? MaskedConv.keptVectorShare(weight, ((Conv) node.op()).group()) : 0;
        return String.format(
                Locale.ROOT,
                "inference %s %s over %s, %s, batch %d, sparsity %.2f"
                        + (vectors ? String.format(Locale.ROOT, ", vectors %.2f", Math.ceil(20 * kept) / 20) : ""),
                kernel.kind().kernelName(),
                weight.shape(),
                image,
                ((Conv) node.op()).over(image, weight.shape()),
                batch,
                Math.floor(20 * sparsity) / 20);
    }

    private static Shape image(TensorType input) {
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

    /** Images of the real shape, laid out as in a run, and the node's weights; no random number of a run is drawn. */
    private List<Tensor> inputs(Node node) {
        TensorType type = graph.type(node.inputs().get(0));
        long[] dims = type.forSamples(batch).shape().toArray();
        Tensor x = Tensor.full(0.5, DType.F32, Device.CPU, dims).channelsLast();
        Tensor weight = weights.get(node.inputs().get(1));
        boolean biased = node.inputs().size() > 2 && !node.inputs().get(2).isEmpty();
        return biased ? List.of(x, weight, weights.get(node.inputs().get(2))) : List.of(x, weight);
    }
}
