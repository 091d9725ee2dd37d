package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.nio.file.Path;
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

    /** What is written: the set that turned the axes of reductions into inputs, or the set that brought Gelu, with their IR. */
    private static final int OPSET = 18;

    private static final int IR_VERSION = 8;
    private static final int OPSET_WITH_GELU = 20;
    private static final int IR_VERSION_WITH_GELU = 9;

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
        boolean gelu = graph.nodes().stream().anyMatch(node -> node.op().type().equals("Gelu"));
        String version = Onnx.class.getPackage().getImplementationVersion();
        return ModelProto.newBuilder()
                .setIrVersion(gelu ? IR_VERSION_WITH_GELU : IR_VERSION)
                .setProducerName(PRODUCER)
                .setProducerVersion(version == null ? "" : version)
                .addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain("").setVersion(gelu ? OPSET_WITH_GELU : OPSET));
    }
}
