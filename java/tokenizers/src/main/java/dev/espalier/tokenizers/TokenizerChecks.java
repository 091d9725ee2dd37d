package dev.espalier.tokenizers;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What the native library takes for granted of a file, and ends the process over. */
final class TokenizerChecks {
    private static final JsonNode PAIR = JsonMapper.shared()
            .readTree(
                    "[{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"B\", \"type_id\": 0}}]");

    /** Types of normalizers that take out blanks, with their fields. */
    private static final Set<String> STRIPPING = Set.of("Strip", "strip_left");

    /** The same of those that take out what is not seen. */
    private static final Set<String> CLEANING =
            Set.of("BertNormalizer", "clean_text", "Nmt", "Precompiled", "precompiled_charsmap", "StripAccents");

    private TokenizerChecks() {}

    static void check(String name, JsonNode file) {
        checkMerges(name, file.path("model"));
        checkNormalizer(name, file.path("normalizer"));
        checkTables(name, file.path("normalizer"));
        checkAdded(name, file);
        file.path("post_processor")
                .findParents("special_tokens")
                .forEach(template -> checkTemplate(name, (ObjectNode) template));
    }

    /** The second part of a merge loses the prefix of continued words. */
    private static void checkMerges(String name, JsonNode model) {
        String prefix = model.path("continuing_subword_prefix").asString("");
        if (prefix.isEmpty()) {
            return;
        }
        for (JsonNode merge : model.path("merges")) {
            String second = merge.isArray() ? merge.path(1).asString("") : after(merge.asString(""), ' ');
            if (!second.startsWith(prefix)) {
                throw TokenizerFile.refusal(
                        name, "the merge " + merge + " does not continue a word with '" + prefix + "'", null);
            }
        }
    }

    /** A template for one text puts listed special tokens around text A; the one for two texts is not used. */
    private static void checkTemplate(String name, ObjectNode template) {
        for (JsonNode piece : template.path("single")) {
            JsonNode sequence = piece.path("Sequence").path("id");
            if (sequence.isString() && !sequence.stringValue().equals("A")) {
                throw TokenizerFile.refusal(name, "its template for one text has a text " + sequence, null);
            }
            JsonNode token = piece.path("SpecialToken").path("id");
            if (token.isString() && !template.path("special_tokens").has(token.stringValue())) {
                throw TokenizerFile.refusal(name, "its template does not list the special token " + token, null);
            }
        }
        template.set("pair", PAIR.deepCopy());
    }

    /** What is put in front is something, and so is what is replaced. */
    private static void checkNormalizer(String name, JsonNode normalizer) {
        for (JsonNode prepended : normalizer.findValues("prepend")) {
            if (prepended.asString("").isEmpty()) {
                throw TokenizerFile.refusal(name, "its normalizer prepends nothing", null);
            }
        }
        for (JsonNode pattern : normalizer.findValues("pattern")) {
            String text = pattern.path("String").asString("x");
            if (text.isEmpty() || findsNothing(pattern.path("Regex").asString("x"))) {
                throw TokenizerFile.refusal(name, "its normalizer replaces nothing by something", null);
            }
        }
    }

    /** What is precompiled has a table, which leads nowhere outside of itself. */
    private static void checkTables(String name, JsonNode normalizer) {
        List<JsonNode> tables = normalizer.findValues("precompiled_charsmap");
        long precompiled = normalizer.findValues("type").stream()
                .filter(type -> type.asString("").equals("Precompiled"))
                .count();
        if (precompiled > tables.size()
                || !tables.stream().allMatch(table -> table.isString() && CharacterMap.isSound(table.stringValue()))) {
            throw TokenizerFile.refusal(name, "its precompiled_charsmap is damaged", null);
        }
    }

    /** What is left of an added token is something: an empty one is found inside characters. */
    private static void checkAdded(String name, JsonNode file) {
        JsonNode normalizer = file.path("normalizer");
        boolean replaces = normalizer.findValues("content").stream()
                .anyMatch(content -> content.asString("").isEmpty());
        boolean strips = replaces || isAmong(STRIPPING, normalizer);
        boolean cleans = strips || isAmong(CLEANING, normalizer);
        for (JsonNode added : file.path("added_tokens")) {
            String token = added.path("content").asString("");
            if (!token.isEmpty()
                    && added.path("normalized").asBoolean(true)
                    && token.codePoints().allMatch(c -> isSpace(c) ? strips : cleans && isUnseen(c))) {
                throw TokenizerFile.refusal(
                        name, "its normalizer leaves nothing of the added token " + added.path("content"), null);
            }
        }
    }

    /** Whether a normalizer is of a type, or, where it says none, has the field that only this type has. */
    private static boolean isAmong(Set<String> marks, JsonNode normalizer) {
        return normalizer.findValues("type").stream().anyMatch(type -> marks.contains(type.asString("")))
                || marks.stream().anyMatch(field -> normalizer.findValue(field) != null);
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    private static boolean isUnseen(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.NON_SPACING_MARK -> true;
            default -> false;
        };
    }

    /** Whether an expression is found in an empty text; one that Java has other rules for is not looked into. */
    private static boolean findsNothing(String regex) {
        try {
            return Pattern.compile(regex).matcher("").find();
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    private static String after(String text, char separator) {
        return text.substring(text.indexOf(separator) + 1);
    }
}
