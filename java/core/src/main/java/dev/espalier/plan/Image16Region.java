package dev.espalier.plan;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Weights;
import dev.espalier.op.Add;
import dev.espalier.op.Clip;
import dev.espalier.op.Flatten;
import dev.espalier.op.HardSwish;
import dev.espalier.op.LeakyRelu;
import dev.espalier.op.Op;
import dev.espalier.op.Relu;
import dev.espalier.op.Reshape;
import dev.espalier.op.Squeeze;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.op.Unsqueeze;
import dev.espalier.runtime.Image16;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The part of a graph whose values stay in the layout of 16 images to a line: masked convolutions that compute in it, and between
 * them operators that work element by element and leave a halo of zeros as it is. For batches of a multiple of 16 images.
 */
final class Image16Region {
    private final Graph graph;
    private final Map<String, MaskedConv2d> convolutions;
    private final Set<Node> elementwise = new HashSet<>();
    private final long[] halo = {0, 0};

    /** @param convolutions by node, those that compute in this layout */
    Image16Region(Graph graph, Map<String, MaskedConv2d> convolutions) {
        this.graph = graph;
        this.convolutions = keepsBatch(graph) ? convolutions : Map.of();
        this.convolutions.values().forEach(conv -> {
            halo[0] = Math.max(halo[0], conv.halo()[0]);
            halo[1] = Math.max(halo[1], conv.halo()[1]);
        });
        graph.nodes().stream()
                .filter(node -> keepsZero(node.op()) && sameTypes(node))
                .forEach(elementwise::add);
        while (elementwise.removeIf(node -> !node.inputs().stream().allMatch(this::stays))) {
            // What one operator leaves may no longer stay for its neighbours.
        }
    }

    /** Whether images stay as many as they were: what moves elements could put them on another axis. */
    private static boolean keepsBatch(Graph graph) {
        return graph.nodes().stream()
                .filter(node -> graph.type(node.outputs().get(0)).rank() > 2)
                .noneMatch(node -> node.op() instanceof Reshape
                        || node.op() instanceof Transpose
                        || node.op() instanceof Squeeze
                        || node.op() instanceof Unsqueeze
                        || node.op() instanceof Flatten);
    }

    /** No broadcasting. */
    private boolean sameTypes(Node node) {
        TensorType out = graph.type(node.outputs().get(0));
        return graph.inputTypes(node).stream().allMatch(out::equals);
    }

    private static boolean keepsZero(Op op) {
        return op instanceof Relu
                || op instanceof LeakyRelu
                || op instanceof HardSwish
                || op instanceof Add
                || (op instanceof Clip clip && clip.min() <= 0 && clip.max() >= 0);
    }

    private boolean inside(Node node) {
        return convolutions.containsKey(node.name()) || elementwise.contains(node);
    }

    /** Whether a value is made and read in this layout alone. */
    boolean stays(String value) {
        return graph.producer(value).filter(this::inside).isPresent()
                && !graph.outputs().contains(value)
                && graph.consumers(value).stream()
                        .allMatch(reader -> elementwise.contains(reader)
                                || (convolutions.containsKey(reader.name())
                                        && reader.inputs().indexOf(value) == 0
                                        && reader.inputs().lastIndexOf(value) == 0));
    }

    /** Whether any value stays. */
    boolean savesConversions() {
        return graph.nodes().stream().anyMatch(node -> node.outputs().stream().anyMatch(this::stays));
    }

    /** The instruction, with a word on its output if that stays. */
    Instruction told(Instruction instruction) {
        if (!stays(instruction.node().outputs().get(0))) {
            return instruction;
        }
        return new Instruction(
                instruction.node(),
                instruction.kernel(),
                instruction.reason() + "; in batches of a multiple of 16 its output stays side by side");
    }

    /** Kernels of the nodes inside, by name; packed weights belong to the open scope. */
    Map<String, Inside> kernels(Weights weights) {
        Map<String, Inside> kernels = new HashMap<>();
        for (Node node : graph.nodes()) {
            MaskedConv2d conv = convolutions.get(node.name());
            if (conv != null) {
                MaskedConv2d fitted = conv.withHalo(halo);
                MaskedConv2d.Packed packed =
                        fitted.pack(weights.get(node.inputs().get(1)).contiguous());
                kernels.put(node.name(), new Inside(convolution(node, fitted, packed), packed.tensors()));
            } else if (elementwise.contains(node)) {
                kernels.put(node.name(), new Inside(elementwise(node), List.of()));
            }
        }
        return kernels;
    }

    /** A kernel with the tensors that it holds. */
    record Inside(NodeKernel kernel, List<Tensor> tensors) {}

    private NodeKernel convolution(Node node, MaskedConv2d conv, MaskedConv2d.Packed packed) {
        boolean laid = stays(node.inputs().get(0));
        boolean leaves = !stays(node.outputs().get(0));
        return (evaluation, in) -> {
            Tensor x = Objects.requireNonNull(in.get(0));
            @Nullable Tensor bias = in.size() > 2 ? in.get(2) : null;
            Image16 source = laid ? Image16.of(x, conv.image(), halo) : conv.input(x, null);
            Image16 result = conv.forward(packed, source, bias, null);
            return List.of(leaves ? result.images(true) : result.lines());
        };
    }

    private NodeKernel elementwise(Node node) {
        String value = node.outputs().get(0);
        if (stays(value)) {
            return node.op()::evaluate;
        }
        TensorType type = graph.type(value);
        Shape image = Shape.of(type.dim(1), type.dim(2), type.dim(3));
        return (evaluation, in) -> {
            Tensor lines = node.op().evaluate(evaluation, in).get(0);
            return List.of(Image16.of(lines, image, halo).images(true));
        };
    }
}
