package dev.espalier.formats.safetensors;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The validated table of a safetensors file: entries sorted by position that cover the data section without gap or overlap.
 *
 * <p>Problems are thrown as IllegalArgumentException whose message is the problem alone.
 */
record Header(List<TensorEntry> entries, Map<String, String> metadata) {
    private static final String METADATA = "__metadata__";
    private static final Set<String> FIELDS = Set.of("dtype", "shape", "data_offsets");
    private static final int ALIGNMENT = 8;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    Header {
        entries = List.copyOf(entries);
        metadata = Map.copyOf(metadata);
        long position = 0;
        for (TensorEntry entry : entries) {
            if (entry.begin() != position) {
                throw new IllegalArgumentException("tensor '" + entry.name() + "' begins at byte " + entry.begin()
                        + " of the data, expected " + position
                        + (entry.begin() < position ? ": it overlaps its predecessor" : ": there is a hole before it"));
            }
            position = entry.end();
        }
    }

    /** Lays tensors out one behind the other, widest element type first so that each is aligned. */
    static Header layout(List<TensorEntry> unplaced, Map<String, String> metadata) {
        List<TensorEntry> sorted = new ArrayList<>(unplaced);
        sorted.sort(
                Comparator.comparingInt((TensorEntry e) -> -e.dtype().bytes()).thenComparing(TensorEntry::name));
        List<TensorEntry> placed = new ArrayList<>(sorted.size());
        long position = 0;
        for (TensorEntry entry : sorted) {
            long end = position + entry.length();
            placed.add(new TensorEntry(entry.name(), entry.dtype(), entry.shape(), position, end));
            position = end;
        }
        return new Header(placed, metadata);
    }

    /** Bytes of the data section. */
    long dataLength() {
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).end();
    }

    static Header parse(byte[] json) {
        if (json.length == 0 || json[0] != '{') {
            throw new IllegalArgumentException("not a safetensors file: its header does not begin with '{'");
        }
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("the header is not valid JSON: " + e.getOriginalMessage(), e);
        }
        List<TensorEntry> entries = new ArrayList<>();
        for (Map.Entry<String, JsonNode> property : root.properties()) {
            if (!property.getKey().equals(METADATA)) {
                entries.add(entry(property.getKey(), property.getValue()));
            }
        }
        entries.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end));
        return new Header(entries, metadata(root.path(METADATA)));
    }

    /** The JSON text, padded with blanks to a multiple of eight bytes. */
    byte[] encode() {
        ObjectNode root = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode texts = root.putObject(METADATA);
            new TreeMap<>(metadata).forEach(texts::put);
        }
        for (TensorEntry entry : entries) {
            ObjectNode node = root.putObject(entry.name());
            node.put("dtype", entry.dtype().name());
            var shape = node.putArray("shape");
            Arrays.stream(entry.shape().toArray()).forEach(shape::add);
            node.putArray("data_offsets").add(entry.begin()).add(entry.end());
        }
        byte[] json = JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static TensorEntry entry(String name, JsonNode node) {
        if (!node.isObject() || !FIELDS.equals(Set.copyOf(node.propertyNames()))) {
            throw new IllegalArgumentException(
                    "tensor '" + name + "' must have exactly the fields dtype, shape and data_offsets");
        }
        long[] offsets = sizes(name, "data_offsets", node.get("data_offsets"));
        if (offsets.length != 2) {
            throw new IllegalArgumentException(
                    "tensor '" + name + "' must have two data_offsets, got " + offsets.length);
        }
        Shape shape = Shape.of(sizes(name, "shape", node.get("shape")));
        return new TensorEntry(name, dtype(name, node.get("dtype")), shape, offsets[0], offsets[1]);
    }

    private static DType dtype(String name, JsonNode node) {
        String text = node.isString() ? node.stringValue() : node.toString();
        return Arrays.stream(DType.values())
                .filter(type -> type.name().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("tensor '" + name + "' has the element type " + text
                        + "; supported are " + Arrays.toString(DType.values())));
    }

    private static long[] sizes(String name, String field, JsonNode node) {
        if (!node.isArray()) {
            throw new IllegalArgumentException("tensor '" + name + "': " + field + " is not a list");
        }
        long[] values = new long[node.size()];
        for (int i = 0; i < values.length; i++) {
            JsonNode value = node.get(i);
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw new IllegalArgumentException(
                        "tensor '" + name + "': " + field + " holds " + value + ", which is not a size");
            }
            values[i] = value.longValue();
        }
        return values;
    }

    private static Map<String, String> metadata(JsonNode node) {
        Map<String, String> texts = new TreeMap<>();
        for (Map.Entry<String, JsonNode> property : node.properties()) {
            if (!property.getValue().isString()) {
                throw new IllegalArgumentException("metadata entry '" + property.getKey() + "' is not text");
            }
            texts.put(property.getKey(), property.getValue().stringValue());
        }
        return texts;
    }
}
