package dev.espalier.tokenizers;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a {@code tokenizer.json} says, checked: the native library ends the process at some files that are damaged.
 *
 * <p>Ids are those of the file. One that has no padding token or no unknown token gets it at the end of the vocabulary. Cutting,
 * padding and decoding are left out of what the library is given.
 *
 * @param json what the library is given
 * @param tokens by id
 * @param padding id of the padding token
 * @param unknown id of the unknown token
 */
record TokenizerFile(String json, List<String> tokens, int padding, int unknown) {
    /** Largest vocabulary; the largest in use have a quarter of a million tokens. */
    private static final int MOST = 1 << 24;

    private static final List<String> PADDINGS = List.of("[PAD]", "<pad>", "<|padding|>", "<|pad|>");
    private static final JsonMapper JSON = JsonMapper.shared();

    /** Reads the content of a file. */
    static TokenizerFile of(String name, byte[] content) {
        JsonNode root;
        try {
            root = JSON.readTree(content);
        } catch (JacksonException e) {
            throw refusal(name, e.getOriginalMessage(), e);
        }
        if (!(root instanceof ObjectNode file) || !(file.get("model") instanceof ObjectNode model)) {
            throw refusal(name, "there is no \"model\"", null);
        }
        TokenizerChecks.check(name, file);
        Map<Integer, String> byId = tokens(name, file, model);
        List<String> tokens = new ArrayList<>();
        byId.forEach((id, token) -> {
            while (tokens.size() < id) {
                tokens.add("<id " + tokens.size() + ">");
            }
            tokens.add(token);
        });
        int padding = idOrNew(tokens, paddings(file), "<padding>");
        int unknown = idOrNew(tokens, unknowns(model, tokens), "<unknown>");
        file.putNull("truncation").putNull("padding").putNull("decoder");
        String json = new String(JSON.writeValueAsBytes(file), StandardCharsets.UTF_8);
        return new TokenizerFile(json, Collections.unmodifiableList(tokens), padding, unknown);
    }

    private static Map<Integer, String> tokens(String name, JsonNode file, JsonNode model) {
        Map<Integer, String> tokens = new TreeMap<>();
        JsonNode vocabulary = model.path("vocab");
        for (int id = 0; vocabulary.isArray() && id < vocabulary.size(); id++) {
            put(name, tokens, vocabulary.get(id).path(0).asString(""), id);
        }
        vocabulary.properties().forEach(entry -> put(name, tokens, entry.getKey(), id(name, entry.getValue())));
        for (JsonNode added : file.path("added_tokens")) {
            String token = added.path("content").asString("");
            if (!vocabulary.has(token)) {
                put(name, tokens, token, id(name, added.path("id")));
            }
        }
        if (tokens.isEmpty()) {
            throw refusal(name, "its vocabulary is empty", null);
        }
        return tokens;
    }

    private static void put(String name, Map<Integer, String> tokens, String token, int id) {
        String before = tokens.put(id, token);
        if (before != null && !before.equals(token)) {
            throw refusal(name, "id " + id + " is of both '" + before + "' and '" + token + "'", null);
        }
    }

    private static int id(String name, JsonNode id) {
        if (!id.canConvertToInt() || !id.isIntegralNumber() || id.intValue() < 0 || id.intValue() >= MOST) {
            throw refusal(name, "an id must be 0 to " + (MOST - 1) + ", got '" + id + "'", null);
        }
        return id.intValue();
    }

    private static List<String> paddings(JsonNode file) {
        JsonNode declared = file.path("padding").path("pad_token");
        return declared.isString() ? List.of(declared.stringValue()) : PADDINGS;
    }

    private static List<String> unknowns(JsonNode model, List<String> tokens) {
        JsonNode declared = model.path("unk_token");
        int id = model.path("unk_id").asInt(-1);
        if (declared.isString()) {
            return List.of(declared.stringValue());
        }
        return id >= 0 && id < tokens.size() ? List.of(tokens.get(id)) : List.of();
    }

    /** The id of the first of the names that is a token; if none is, that of a new one at the end. */
    private static int idOrNew(List<String> tokens, List<String> names, String otherwise) {
        for (String name : names) {
            if (tokens.contains(name)) {
                return tokens.indexOf(name);
            }
        }
        tokens.add(otherwise);
        return tokens.size() - 1;
    }

    /** What to throw at content that is no tokenizer. */
    static DataException refusal(String name, @Nullable String reason, @Nullable Throwable cause) {
        return new DataException(
                "tokenizer " + name + ": expected a tokenizer.json as Hugging Face's tokenizers 0.21 write it, got: "
                        + OneLine.of(String.valueOf(reason)) + "; save it again with tokenizer.save",
                cause);
    }
}
