package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.plan.MaskedConv;
import dev.espalier.plan.NodeKernel;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A classifier that is asked and not trained; its tensors stay their owner's and as they are. Where libtorch does without
 * oneDNN, the native kernels compute its convolutions with whole masks.
 */
final class Inference implements AutoCloseable {
    private final Scope owner;
    private final Map<String, Tensor> tensors;
    private final Set<String> natively;
    private final Classifier classifier;

    private Inference(Scope owner, Map<String, Tensor> tensors, Set<String> natively, Classifier classifier) {
        this.owner = owner;
        this.tensors = tensors;
        this.natively = natively;
        this.classifier = classifier;
    }

    static Inference of(Graph graph, Map<String, Tensor> tensors) {
        return of(graph, tensors, Versions.oneDnnCause().isPresent());
    }

    /** @param natively whether large batches on the CPU go to the native kernels */
    static Inference of(Graph graph, Map<String, Tensor> tensors, boolean natively) {
        Scope owner = Scope.owner("inference");
        try (Grad off = Grad.disabled()) {
            Map<Shape, BitMask> masks = new HashMap<>();
            Map<String, NodeKernel> kernels = new LinkedHashMap<>();
            for (Node node : natively ? graph.nodes() : List.<Node>of()) {
                Tensor weight =
                        node.op() instanceof Conv ? tensors.get(node.inputs().get(1)) : null;
                if (weight == null || !suits(weight)) {
                    continue;
                }
                BitMask mask = masks.computeIfAbsent(weight.shape(), shape -> BitMask.whole(shape, owner));
                Segments.convolution(graph, node, mask)
                        .ifPresent(conv -> kernels.put(node.name(), batched(conv, weight, node, owner)));
            }
            Execution execution = Execution.of(graph, node -> kernels.getOrDefault(node.name(), node.op()::evaluate));
            return new Inference(
                    owner, Map.copyOf(tensors), Set.copyOf(kernels.keySet()), new Classifier(graph, execution));
        } catch (RuntimeException e) {
            owner.close();
            throw e;
        }
    }

    /** More than a matrix product, which BLAS computes well. */
    private static boolean suits(Tensor weight) {
        return weight.rank() == 4
                && weight.dtype() == DType.F32
                && weight.device().equals(Device.CPU)
                && weight.size(2) * weight.size(3) > 1;
    }

    private static Batched batched(MaskedConv2d conv, Tensor weight, Node node, Scope owner) {
        try (Scope scope = Scope.open()) {
            MaskedConv2d.Packed packed = conv.pack(weight);
            packed.tensors().forEach(owner::adopt);
            return new Batched(conv, packed, node.op()::evaluate);
        }
    }

    /** The nodes that large batches on the CPU leave to native kernels. */
    Set<String> natively() {
        return natively;
    }

    Classifier.Seen see(Batch batch) {
        return classifier.see(tensors, batch, Evaluation.INFERENCE);
    }

    @Override
    public void close() {
        owner.close();
    }

    /** A convolution by the native kernel where there are images enough for it, else as it is. */
    private record Batched(MaskedConv2d conv, MaskedConv2d.Packed packed, NodeKernel plain) implements NodeKernel {
        @Override
        public List<Tensor> evaluate(Evaluation evaluation, List<@Nullable Tensor> in) {
            Tensor x = Objects.requireNonNull(in.get(0));
            if (x.dtype() != DType.F32 || x.size(0) < MaskedConv.Kind.LEAST_BATCH) {
                return plain.evaluate(evaluation, in);
            }
            Tensor bias = in.size() > 2 ? in.get(2) : null;
            return List.of(conv.images(conv.forward(packed, conv.input(x, null), bias, null), x.isChannelsLast()));
        }
    }
}
