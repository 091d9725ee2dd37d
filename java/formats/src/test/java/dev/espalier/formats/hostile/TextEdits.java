package dev.espalier.formats.hostile;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Damage to the words of a text such as JSON or a NumPy head, which leaves most of its form standing. */
final class TextEdits {
    private static final Pattern WORD = Pattern.compile("\"[^\"]*\"|'[^']*'|-?[0-9.]+|[A-Za-z]+|[\\[\\]{}(),:]");

    private TextEdits() {}

    /** Changes one to three words; bytes that are no text stay as they are. */
    static byte[] json(byte[] text, Random random) {
        String changed = new String(text, StandardCharsets.ISO_8859_1);
        for (int i = 0, n = 1 + random.nextInt(3); i < n; i++) {
            changed = word(changed, random);
        }
        return changed.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Changes words of a safetensors header and sets its length right. */
    static byte[] safetensors(byte[] file, Random random) {
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        byte[] header = json(Arrays.copyOfRange(file, 8, 8 + length), random);
        byte[] out = ByteEdits.replace(file, 8, 8 + length, header);
        ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length);
        return out;
    }

    /** Changes words of the head of a version 1 array file and sets its length right. */
    static byte[] npy(byte[] file, Random random) {
        ByteBuffer view = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int prefix = file[6] == 1 ? 10 : 12;
        int length = file[6] == 1 ? view.getShort(8) : view.getInt(8);
        byte[] head = json(Arrays.copyOfRange(file, prefix, prefix + length), random);
        byte[] out = ByteEdits.replace(file, prefix, prefix + length, head);
        ByteBuffer changed = ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN);
        if (prefix == 10) {
            changed.putShort(8, (short) head.length);
        } else {
            changed.putInt(8, head.length);
        }
        return out;
    }

    private static String word(String text, Random random) {
        List<MatchResult> words = new ArrayList<>(WORD.matcher(text).results().toList());
        if (words.isEmpty()) {
            return text;
        }
        MatchResult word = words.get(random.nextInt(words.size()));
        String other = words.get(random.nextInt(words.size())).group();
        String replacement = switch (random.nextInt(6)) {
            case 0 -> "";
            case 1 -> other;
            case 2 -> word.group() + "," + word.group();
            case 3 -> nested(random);
            default -> changed(word.group(), random);
        };
        return text.substring(0, word.start()) + replacement + text.substring(word.end());
    }

    private static String changed(String word, Random random) {
        if (Character.isDigit(word.charAt(0)) || word.charAt(0) == '-') {
            return random.nextInt(8) == 0
                    ? BigInteger.TEN.pow(random.nextInt(400)).toString()
                    : Long.toString(ByteEdits.number(random, 3));
        }
        String[] words = {"null", "true", "-1", "\"\"", "[]", "{}", "1e400", "\"a\\nb\"", "\"" + "x".repeat(3000) + "\""
        };
        return words[random.nextInt(words.length)];
    }

    private static String nested(Random random) {
        int depth = 1 << random.nextInt(17);
        return random.nextBoolean()
                ? "[".repeat(depth) + "]".repeat(depth)
                : "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
    }
}
