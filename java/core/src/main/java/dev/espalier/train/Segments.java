package dev.espalier.train;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Execution;
import dev.espalier.plan.NodeKernel;
import dev.espalier.plan.Trial;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.KernelException;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Versions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A graph in training, cut into segments: masked convolutions that the native kernels train faster, as a trial on their real
 * shape said, and between them whatever libtorch differentiates.
 */
final class Segments {
    /** Below this share of zeros no masked kernel has been seen to win over oneDNN, so none is tried where libtorch uses that. */
    private static final double LEAST_SPARSITY = Versions.oneDnnCause().isPresent() ? 0 : 0.5;

    private static final Logger LOG = LoggerFactory.getLogger(Segments.class);

    private final Classifier classifier;
    private final int maskings;

    private Segments(Classifier classifier, int maskings) {
        this.classifier = classifier;
        this.maskings = maskings;
    }

    /**
     * Plans the segments for the masks in force.
     *
     * @param masked false: libtorch computes everything
     * @param batch images per step, which trials assume
     */
    static Segments plan(TrainingState state, boolean masked, int batch, Tape tape) {
        Map<String, MaskedConv2d> chosen = masked ? candidates(state, tape, LEAST_SPARSITY) : Map.of();
        return of(
                state,
                chosen.entrySet().stream()
                        .filter(e -> wins(state, state.graph().node(e.getKey()), e.getValue(), batch))
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)),
                tape);
    }

    /** The segments with these convolutions, by node, computed natively. */
    static Segments of(TrainingState state, Map<String, MaskedConv2d> natively, Tape tape) {
        Graph graph = state.graph();
        Execution execution = natively.isEmpty() ? Execution.of(graph) : cut(graph, natively, tape);
        return new Segments(new Classifier(graph, execution), state.maskings());
    }

    /** The classifier that runs these segments; its losses are for the tape they were planned with. */
    Classifier classifier() {
        return classifier;
    }

    /** {@link TrainingState#maskings} of the masks that they were planned for. */
    int maskings() {
        return maskings;
    }

    /**
     * By node, in the graph's order, the convolutions that the native kernels can train.
     *
     * @param least the share of zeros that a mask must have; at 0 the convolutions without a mask are candidates too
     */
    static Map<String, MaskedConv2d> candidates(TrainingState state, Tape tape, double least) {
        Map<String, MaskedConv2d> found = new LinkedHashMap<>();
        List<Node> nodes = state.graph().nodes();
        if (state.device().equals(Device.CPU)
                && nodes.stream().allMatch(node -> node.outputs().size() == 1)) {
            nodes.forEach(node -> candidate(state, node, tape, least).ifPresent(conv -> found.put(node.name(), conv)));
        }
        return found;
    }

    private static Optional<MaskedConv2d> candidate(TrainingState state, Node node, Tape tape, double least) {
        if (!(node.op() instanceof Conv)
                || !state.parameters().containsKey(node.inputs().get(1))) {
            return Optional.empty();
        }
        String weight = node.inputs().get(1);
        BitMask given = state.masks().get(weight);
        Shape shape = state.graph().type(weight).shape();
        if (shape.rank() != 4 || (given == null && least > 0)) {
            return Optional.empty();
        }
        BitMask mask = given == null ? tape.whole(shape) : given;
        boolean biasMoves = node.inputs().size() < 3
                || node.inputs().get(2).isEmpty()
                || state.parameters().containsKey(node.inputs().get(2));
        if (!biasMoves || mask.sparsity() < least) {
            return Optional.empty();
        }
        return convolution(state.graph(), node, mask);
    }

    /** A Conv over two axes by the weights that the mask keeps; empty if only libtorch has its shape. */
    static Optional<MaskedConv2d> convolution(Graph graph, Node node, BitMask mask) {
        TensorType input = graph.type(node.inputs().get(0));
        Shape image = Shape.of(input.dim(1), input.dim(2), input.dim(3));
        try {
            ConvolutionWindow window = ((Conv) node.op()).over(image, mask.shape());
            return Optional.of(Kernels.on(Device.CPU).maskedConv2d(mask, image, window));
        } catch (KernelException e) {
            LOG.debug("node '{}' is left to libtorch: {}", node.name(), e.getMessage());
            return Optional.empty();
        }
    }

    private static boolean wins(TrainingState state, Node node, MaskedConv2d conv, int batch) {
        boolean first = state.graph().producer(node.inputs().get(0)).isEmpty();
        double sparsity = 1 - (double) conv.nonzeros() / conv.mask().shape().numel();
        String key = String.format(
                Locale.ROOT,
                "training %s %s over %s, %s, batch %d, sparsity %.2f%s",
                node.op().type(),
                conv.mask().shape(),
                conv.image(),
                ((Conv) node.op()).over(conv.image(), conv.mask().shape()),
                batch,
                Math.floor(20 * sparsity) / 20,
                first ? ", no input gradient" : "");
        Trial trial = state.trial(key, () -> trial(state, node, conv, batch, !first));
        LOG.info(
                "node '{}', a training step at batch {}: masked {} ms, dense {} ms",
                node.name(),
                batch,
                String.format(Locale.ROOT, "%.2f", trial.maskedMillis()),
                String.format(Locale.ROOT, "%.2f", trial.denseMillis()));
        return trial.maskedWins();
    }

    /**
     * Forward and backward of one convolution, by libtorch and by the native kernels, on images of the real shape; no random number
     * of the run is drawn.
     */
    private static Trial trial(TrainingState state, Node node, MaskedConv2d conv, int batch, boolean inputGradient) {
        try (Scope scope = Scope.open();
                Tape tape = new Tape()) {
            Shape image = conv.image();
            Tensor x = Tensor.full(0.5, DType.F32, Device.CPU, batch, image.dim(0), image.dim(1), image.dim(2))
                    .channelsLast()
                    .setRequiresGrad(inputGradient);
            Tensor weight = leaf(state.parameter(node.inputs().get(1)));
            boolean biased = node.inputs().size() > 2 && !node.inputs().get(2).isEmpty();
            Tensor bias = biased ? leaf(state.parameter(node.inputs().get(2))) : null;
            List<@Nullable Tensor> in = biased ? List.of(x, weight, bias) : List.of(x, weight);
            Supplier<Tensor> dense =
                    () -> node.op().evaluate(Evaluation.TRAINING, in).get(0);
            Tensor upstream = dense.get().detach().mul(1e-3);
            MaskedSegment segment = new MaskedSegment(node.name(), conv, tape);
            return Trial.run(
                    () -> step(in, () -> dense.get().backward(upstream)),
                    () -> step(in, () -> {
                        segment.evaluate(Evaluation.TRAINING, in).get(0).addGradient(upstream);
                        tape.unwind();
                    }));
        }
    }

    private static Tensor leaf(Tensor parameter) {
        return parameter.detach().copy().setRequiresGrad(true);
    }

    private static void step(List<@Nullable Tensor> leaves, Runnable work) {
        try (Scope scope = Scope.open()) {
            work.run();
            leaves.forEach(Tensor::clearGrad);
        }
    }

    /** The graph with these convolutions by native kernels, and libtorch's record cut at every value where pieces meet. */
    private static Execution cut(Graph graph, Map<String, MaskedConv2d> natively, Tape tape) {
        return Execution.of(graph, node -> {
            MaskedConv2d conv = natively.get(node.name());
            if (conv != null) {
                return new MaskedSegment(node.name(), conv, tape);
            }
            String value = node.outputs().get(0);
            List<Node> readers = graph.consumers(value);
            int uses = readers.size() + (graph.outputs().contains(value) ? 1 : 0);
            boolean meets = uses > 1 || readers.stream().anyMatch(reader -> natively.containsKey(reader.name()));
            NodeKernel plain = node.op()::evaluate;
            return meets
                    ? (evaluation, in) ->
                            List.of(tape.cut(plain.evaluate(evaluation, in).get(0)))
                    : plain;
        });
    }
}
