package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import dev.espalier.formats.FormatException;
import dev.espalier.model.Metadata;
import dev.espalier.model.Preprocessing;
import dev.espalier.model.Provenance;
import dev.espalier.runtime.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A model's metadata as the text entries of its file: keys {@code espalier.*} hold JSON, all others are passed through. */
final class MetadataEntries {
    private static final String LABELS = "espalier.labels";
    private static final String PREPROCESSING = "espalier.preprocessing";
    private static final String PROVENANCE = "espalier.provenance";
    private static final String SPARSITY = "espalier.sparsity";
    private static final JsonMapper JSON = JsonMapper.shared();

    private MetadataEntries() {}

    static Metadata read(Path file, List<StringStringEntryProto> entries) {
        Map<String, String> texts = new TreeMap<>();
        entries.forEach(entry -> texts.put(entry.getKey(), entry.getValue()));
        List<String> labels = parse(file, LABELS, texts, MetadataEntries::strings, List.of());
        Preprocessing preprocessing = texts.containsKey(PREPROCESSING)
                ? parse(
                        file,
                        PREPROCESSING,
                        texts,
                        MetadataEntries::preprocessing,
                        Preprocessing.unit(Shape.of(1, 1, 1)))
                : null;
        Provenance provenance = parse(file, PROVENANCE, texts, MetadataEntries::provenance, Provenance.UNKNOWN);
        texts.remove(SPARSITY);
        return new Metadata(labels, preprocessing, provenance, texts);
    }

    /** All entries, sorted by key. */
    static List<StringStringEntryProto> write(Metadata metadata, Sparsity sparsity) {
        Map<String, String> texts = new TreeMap<>(metadata.extra());
        if (!metadata.labels().isEmpty()) {
            ArrayNode labels = JSON.createArrayNode();
            metadata.labels().forEach(labels::add);
            texts.put(LABELS, JSON.writeValueAsString(labels));
        }
        metadata.imagePreprocessing().ifPresent(p -> texts.put(PREPROCESSING, preprocessing(p)));
        if (!metadata.provenance().facts().isEmpty()) {
            texts.put(PROVENANCE, JSON.writeValueAsString(metadata.provenance().facts()));
        }
        ObjectNode zeros = JSON.createObjectNode().put("overall", sparsity.overall());
        sparsity.parameters().forEach(zeros.putObject("parameters")::put);
        texts.put(SPARSITY, JSON.writeValueAsString(zeros));
        List<StringStringEntryProto> entries = new ArrayList<>();
        texts.forEach((key, value) -> entries.add(
                StringStringEntryProto.newBuilder().setKey(key).setValue(value).build()));
        return entries;
    }

    private static <T> T parse(
            Path file, String key, Map<String, String> texts, Function<JsonNode, T> reader, T otherwise) {
        String text = texts.remove(key);
        if (text == null) {
            return otherwise;
        }
        try {
            return reader.apply(JSON.readTree(text));
        } catch (JacksonException | IllegalArgumentException e) {
            String problem = e instanceof JacksonException json ? json.getOriginalMessage() : e.getMessage();
            throw new FormatException(file + ": metadata entry '" + key + "' is not valid: " + problem, e);
        }
    }

    private static List<String> strings(JsonNode node) {
        return list(node, JsonNode::asString);
    }

    private static <T> List<T> list(JsonNode node, Function<JsonNode, T> reader) {
        if (!node.isArray()) {
            throw new IllegalArgumentException("expected a list, got " + node);
        }
        List<T> values = new ArrayList<>();
        node.forEach(value -> values.add(reader.apply(value)));
        return values;
    }

    private static String preprocessing(Preprocessing p) {
        ObjectNode node = JSON.createObjectNode();
        ArrayNode input = node.putArray("input");
        for (long dim : p.input().toArray()) {
            input.add(dim);
        }
        p.mean().forEach(node.putArray("mean")::add);
        p.std().forEach(node.putArray("std")::add);
        return JSON.writeValueAsString(node.put("layout", p.layout()));
    }

    private static Preprocessing preprocessing(JsonNode node) {
        long[] input = list(node.path("input"), JsonNode::asLong).stream()
                .mapToLong(Long::longValue)
                .toArray();
        return new Preprocessing(
                Shape.of(input),
                list(node.path("mean"), JsonNode::floatValue),
                list(node.path("std"), JsonNode::floatValue),
                node.path("layout").asString());
    }

    private static Provenance provenance(JsonNode node) {
        Map<String, String> facts = new TreeMap<>();
        node.properties()
                .forEach(entry -> facts.put(entry.getKey(), entry.getValue().asString()));
        return new Provenance(facts);
    }
}
