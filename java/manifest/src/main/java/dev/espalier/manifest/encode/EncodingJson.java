package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import dev.espalier.data.Scale;
import dev.espalier.manifest.Label;
import dev.espalier.manifest.audio.DecibelRange;
import dev.espalier.manifest.audio.Framing;
import dev.espalier.manifest.audio.LogMel;
import dev.espalier.manifest.audio.MelBands;
import dev.espalier.manifest.text.FileTokenizer;
import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.manifest.text.WordTokenizer;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** An encoding as JSON, whose numbers come back to the bit. */
final class EncodingJson {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final int VERSION = 1;

    private EncodingJson() {}

    static String write(Encoding encoding) {
        ObjectNode root = MAPPER.createObjectNode().put("version", VERSION);
        ObjectNode label = root.putObject("label");
        label.put("kind", encoding.label().kind().word())
                .put("separator", encoding.label().separator());
        ObjectNode names = label.putObject("names");
        encoding.label().names().forEach(names::put);
        label.put("low", encoding.scale().low()).put("high", encoding.scale().high());
        ArrayNode encoders = root.putArray("encoders");
        encoding.encoders().forEach(encoder -> put(encoders.addObject(), encoder));
        return root.toString();
    }

    /** One encoder as it stands in an encoding. */
    static String write(Encoder encoder) {
        ObjectNode node = MAPPER.createObjectNode();
        put(node, encoder);
        return node.toString();
    }

    /** The encoder that {@link #write(Encoder)} wrote. */
    static Encoder encoder(String json) {
        return encoder(MAPPER.readTree(json));
    }

    private static void put(ObjectNode node, Encoder encoder) {
        if (encoder instanceof PictureEncoder picture) {
            node.put("type", "image").put("input", picture.modality()).put("column", picture.column());
            ArrayNode shape = node.putArray("shape");
            for (long extent : picture.shape().toArray()) {
                shape.add(extent);
            }
        } else if (encoder instanceof SoundEncoder sound) {
            put(node, sound);
        } else if (encoder instanceof TextEncoder text) {
            node.put("type", "text").put("input", text.modality()).put("length", text.length());
            text.columns().forEach(node.putArray("columns")::add);
            put(node, text.tokenizer());
        } else if (encoder instanceof TableEncoder table) {
            node.put("type", "table");
            ObjectNode numbers = node.putObject("numbers");
            table.numbers().forEach(column -> column.knots().forEach(numbers.putArray(column.name())::add));
            ObjectNode categories = node.putObject("categories");
            table.categories().forEach(column -> column.values().forEach(categories.putArray(column.name())::add));
        }
    }

    private static void put(ObjectNode node, Tokenizer tokenizer) {
        if (tokenizer instanceof WordTokenizer words) {
            words.words().forEach(node.putArray("words")::add);
        } else if (tokenizer instanceof FileTokenizer file) {
            ObjectNode described =
                    node.putObject("tokenizer").put("name", file.name()).put("content", file.content());
            Arrays.stream(file.rows()).forEach(described.putArray("rows")::add);
        } else {
            throw new IllegalArgumentException("only tokenizers of words and of files are written, got " + tokenizer);
        }
    }

    private static void put(ObjectNode node, SoundEncoder sound) {
        LogMel mel = sound.mel();
        node.put("type", "audio")
                .put("input", sound.modality())
                .put("column", sound.column())
                .put("samples", sound.samples())
                .put("rate", mel.sampleRate())
                .put("window", mel.framing().window())
                .put("hop", mel.framing().hop())
                .put("bins", mel.bands().count())
                .put("lowest", mel.bands().lowest())
                .put("highest", mel.bands().highest())
                .put("floor", mel.range().floor())
                .put("ceiling", mel.range().ceiling());
        mel.bands().kept().forEach(node.putArray("kept")::add);
    }

    /** @throws DataException if it is not what {@link #write} wrote */
    static Encoding read(String json) {
        try {
            JsonNode root = MAPPER.readTree(json);
            if (root.required("version").asInt() != VERSION) {
                throw new DataException(
                        "encoding in the model: expected version " + VERSION + ", got " + root.required("version"));
            }
            JsonNode given = root.required("label");
            Map<String, String> names = new LinkedHashMap<>();
            given.required("names")
                    .properties()
                    .forEach(name -> names.put(name.getKey(), name.getValue().asString()));
            Label.Kind kind =
                    Label.Kind.valueOf(given.required("kind").asString().toUpperCase(Locale.ROOT));
            Label label = new Label(kind, given.required("separator").asString(), names);
            List<Encoder> encoders = new ArrayList<>();
            root.required("encoders").forEach(node -> encoders.add(encoder(node)));
            Scale scale = given.has("low")
                    ? new Scale(
                            given.required("low").asDouble(),
                            given.required("high").asDouble())
                    : Scale.UNIT;
            return new Encoding(encoders, label, scale);
        } catch (EspalierException e) {
            throw e;
        } catch (JacksonException | IllegalArgumentException e) {
            throw new DataException(
                    "encoding in the model: expected JSON as it was written, got something else (" + e.getMessage()
                            + "); train the model again",
                    e);
        }
    }

    private static Encoder encoder(JsonNode node) {
        return switch (node.required("type").asString()) {
            case "image" -> {
                List<Long> shape = new ArrayList<>();
                node.required("shape").forEach(extent -> shape.add(extent.asLong()));
                yield new PictureEncoder(
                        node.required("input").asString(),
                        node.required("column").asString(),
                        Shape.of(shape.stream().mapToLong(Long::longValue).toArray()));
            }
            case "audio" -> sound(node);
            case "text" ->
                new TextEncoder(
                        node.required("input").asString(),
                        texts(node.required("columns")),
                        tokenizer(node),
                        node.required("length").asInt());
            case "table" -> table(node);
            default -> throw new IllegalArgumentException("no encoder is of type " + node.required("type"));
        };
    }

    private static Tokenizer tokenizer(JsonNode node) {
        JsonNode file = node.path("tokenizer");
        if (file.isMissingNode()) {
            return new WordTokenizer(texts(node.required("words")));
        }
        List<Integer> rows = new ArrayList<>();
        file.required("rows").forEach(row -> rows.add(row.asInt()));
        return FileTokenizer.of(
                file.required("name").asString(),
                file.required("content").asString(),
                rows.stream().mapToInt(Integer::intValue).toArray());
    }

    private static SoundEncoder sound(JsonNode node) {
        List<Integer> kept = new ArrayList<>();
        node.required("kept").forEach(bin -> kept.add(bin.asInt()));
        MelBands bands = new MelBands(
                node.required("bins").asInt(),
                node.required("lowest").asDouble(),
                node.required("highest").asDouble(),
                kept);
        LogMel mel = new LogMel(
                node.required("rate").asInt(),
                new Framing(
                        node.required("window").asInt(), node.required("hop").asInt()),
                bands,
                new DecibelRange(
                        node.required("floor").asDouble(),
                        node.required("ceiling").asDouble()));
        return new SoundEncoder(
                node.required("input").asString(),
                node.required("column").asString(),
                mel,
                node.required("samples").asInt());
    }

    private static TableEncoder table(JsonNode node) {
        List<NumberColumn> numbers = new ArrayList<>();
        node.required("numbers").properties().forEach(column -> {
            List<Double> knots = new ArrayList<>();
            column.getValue().forEach(knot -> knots.add(knot.asDouble()));
            numbers.add(new NumberColumn(column.getKey(), knots));
        });
        List<CategoryColumn> categories = new ArrayList<>();
        node.required("categories")
                .properties()
                .forEach(column -> categories.add(new CategoryColumn(column.getKey(), texts(column.getValue()))));
        return new TableEncoder(numbers, categories);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asString()));
        return texts;
    }
}
