package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.GroupNormalization;
import dev.espalier.op.TensorType;
import dev.espalier.op.UnsupportedOperatorException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reads and writes models as ONNX files. */
public final class Onnx {
    private static final String PRODUCER = "espalier";

    /** An operator set with the version of the file format that goes with it. */
    private record Target(long opset, long ir) {}

    /** What is written: the set that turned the axes of reductions into inputs, unless the graph needs a later one. */
    private static final Target USUAL = new Target(18, 8);

    private static final Target WITH_GELU = new Target(20, 9);
    private static final Target WITH_SCALES_OF_CHANNELS = new Target(21, 10);

    private Onnx() {}

    /** The model in {@code file}, on the CPU, owning its weights. */
    public static Model read(Path file) {
        return read(file, Map.of());
    }

    /**
     * As {@link #read(Path)}, of a file that leaves weights out: inputs that have the name of one of these tensors are parameters,
     * and get a copy of it.
     */
    public static Model read(Path file, Map<String, Tensor> outside) {
        ModelProto proto = OnnxFile.read(file);
        Metadata metadata = MetadataEntries.read(file, proto.getMetadataPropsList());
        boolean own = proto.getProducerName().equals(PRODUCER);
        Classifier.Network network = Classifier.in(Functions.inlined(proto, file), file);
        Set<String> stored = network.graph().getInitializerList().stream()
                .map(TensorProto::getName)
                .collect(Collectors.toSet());
        List<String> parameters = network.graph().getInputList().stream()
                .map(ValueInfoProto::getName)
                .filter(name -> outside.containsKey(name) && !stored.contains(name))
                .toList();
        GraphReader.Parsed parsed = new GraphReader(
                        file, network.graph(), new GraphReader.Origin(own, OnnxFile.opset(proto), parameters))
                .read();
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            parsed.values().forEach((name, value) -> tensors.put(name, ConstantFolding.tensor(value)));
            for (String name : parameters) {
                Tensor given = Objects.requireNonNull(outside.get(name));
                TensorType type = parsed.graph().type(name);
                if (!given.shape().equals(type.shape()) || given.dtype() != type.dtype()) {
                    throw FormatException.of(
                            file,
                            "input '" + name + "' is " + type + ", the weight of that name is " + given.dtype()
                                    + given.shape());
                }
                tensors.put(name, given.copy());
            }
            return new Model(parsed.graph(), Weights.adopt(tensors), noted(metadata, network.leftOut()));
        }
    }

    /** The outputs that were left out are told in the metadata. */
    private static Metadata noted(Metadata metadata, Map<String, String> leftOut) {
        if (leftOut.isEmpty()) {
            return metadata;
        }
        Map<String, String> extra = new TreeMap<>(metadata.extra());
        leftOut.forEach((output, operator) -> extra.put("left out " + output, "computed by ai.onnx.ml " + operator));
        return new Metadata(
                metadata.labels(), metadata.imagePreprocessing().orElse(null), metadata.provenance(), extra);
    }

    /** Writes {@code model} with its metadata, whole or not at all. */
    public static void write(Model model, Path file) {
        OnnxFile.write(toProto(model, file), file);
    }

    private static ModelProto toProto(Model model, Path file) {
        long bytes = model.graph().parameters().values().stream()
                .mapToLong(type -> type.numelPerSample() * type.dtype().bytes())
                .sum();
        if (bytes > Integer.MAX_VALUE) {
            throw FormatException.of(file, "the weights need " + bytes + " bytes, an ONNX file holds at most 2 GiB");
        }
        return head(model.graph())
                .addAllMetadataProps(MetadataEntries.write(model.metadata(), Sparsity.of(model)))
                .setGraph(GraphWriter.write(model))
                .build();
    }

    /** Producer and versions of a file that holds this graph. */
    static ModelProto.Builder head(Graph graph) {
        Target target = graph.nodes().stream()
                .map(node -> target(graph, node))
                .max(Comparator.comparingLong(Target::opset))
                .orElse(USUAL);
        if (target.equals(WITH_SCALES_OF_CHANNELS)) {
            graph.nodes().forEach(node -> refuseScalesOfGroups(graph, node));
        }
        String version = Onnx.class.getPackage().getImplementationVersion();
        return ModelProto.newBuilder()
                .setIrVersion(target.ir())
                .setProducerName(PRODUCER)
                .setProducerVersion(version == null ? "" : version)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(target.opset()));
    }

    private static void refuseScalesOfGroups(Graph graph, Node node) {
        if (node.op() instanceof GroupNormalization norm) {
            long channels = graph.type(node.inputs().get(0)).dim(1);
            if (graph.type(node.inputs().get(1)).dim(0) != channels) {
                throw new UnsupportedOperatorException("node '" + node.name()
                        + "': GroupNormalization has a scale for each of " + norm.groups()
                        + " groups and another node one for each channel, which no operator set knows both; repeat the"
                        + " scale for every channel of its group");
            }
        }
    }

    /** Before set 21 a GroupNormalization had one scale for each group, from then on one for each channel. */
    private static Target target(Graph graph, Node node) {
        if (node.op() instanceof GroupNormalization norm) {
            return graph.type(node.inputs().get(1)).dim(0) == norm.groups() ? USUAL : WITH_SCALES_OF_CHANNELS;
        }
        return node.op().type().equals("Gelu") ? WITH_GELU : USUAL;
    }
}
