package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Execution;
import dev.espalier.plan.MaskedConv;
import dev.espalier.plan.NodeKernel;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.KernelException;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Versions;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A classifier that is asked and not trained, for tensors that may change from batch to batch. Where libtorch does without
 * oneDNN, the native kernels compute its convolutions with whole masks.
 */
final class Inference implements AutoCloseable {
    private final Scope owner;
    private final Set<String> natively;
    private final Classifier classifier;

    private Inference(Scope owner, Set<String> natively, Classifier classifier) {
        this.owner = owner;
        this.natively = natively;
        this.classifier = classifier;
    }

    static Inference of(Graph graph) {
        return of(graph, Versions.oneDnnCause().isPresent());
    }

    /** @param natively whether large batches on the CPU go to the native kernels */
    static Inference of(Graph graph, boolean natively) {
        Scope owner = Scope.owner("inference");
        try {
            Map<Shape, BitMask> masks = new HashMap<>();
            Map<String, NodeKernel> kernels = new LinkedHashMap<>();
            for (Node node : natively ? graph.nodes() : List.<Node>of()) {
                convolution(graph, node, shape -> masks.computeIfAbsent(shape, s -> BitMask.whole(s, owner)))
                        .ifPresent(conv -> kernels.put(node.name(), new Batched(conv, node.op()::evaluate)));
            }
            Execution execution = Execution.of(graph, node -> kernels.getOrDefault(node.name(), node.op()::evaluate));
            return new Inference(owner, Set.copyOf(kernels.keySet()), new Classifier(graph, execution));
        } catch (RuntimeException e) {
            owner.close();
            throw e;
        }
    }

    /** Convolutions that are more than a matrix product, which BLAS computes well. */
    private static Optional<MaskedConv2d> convolution(Graph graph, Node node, Function<Shape, BitMask> masks) {
        if (!(node.op() instanceof Conv conv)) {
            return Optional.empty();
        }
        TensorType weight = graph.type(node.inputs().get(1));
        if (weight.shape().rank() != 4 || weight.dtype() != DType.F32 || weight.dim(2) * weight.dim(3) == 1) {
            return Optional.empty();
        }
        TensorType input = graph.type(node.inputs().get(0));
        Shape image = Shape.of(input.dim(1), input.dim(2), input.dim(3));
        try {
            return Optional.of(Kernels.on(Device.CPU)
                    .maskedConv2d(masks.apply(weight.shape()), image, conv.over(image, weight.shape())));
        } catch (KernelException e) {
            return Optional.empty(); // shapes that only libtorch computes
        }
    }

    /** The nodes that large batches on the CPU leave to native kernels. */
    Set<String> natively() {
        return natively;
    }

    Classifier.Seen see(Map<String, Tensor> tensors, Batch batch) {
        return classifier.see(tensors, batch, Evaluation.INFERENCE);
    }

    @Override
    public void close() {
        owner.close();
    }

    /** A convolution by the native kernel where there are images enough for it, else as it is. */
    private record Batched(MaskedConv2d conv, NodeKernel plain) implements NodeKernel {
        @Override
        public List<Tensor> evaluate(Evaluation evaluation, List<@Nullable Tensor> in) {
            Tensor x = Objects.requireNonNull(in.get(0));
            Tensor weight = Objects.requireNonNull(in.get(1));
            if (!x.device().equals(Device.CPU) || x.dtype() != DType.F32 || x.size(0) < MaskedConv.Kind.LEAST_BATCH) {
                return plain.evaluate(evaluation, in);
            }
            Tensor bias = in.size() > 2 ? in.get(2) : null;
            return List.of(
                    conv.images(conv.forward(conv.pack(weight), conv.input(x, null), bias, null), x.isChannelsLast()));
        }
    }
}
