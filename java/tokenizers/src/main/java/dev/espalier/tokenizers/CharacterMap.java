package dev.espalier.tokenizers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * The table of a {@code Precompiled} normalizer, walked as the native library walks it: a double-array trie of UTF-8 bytes (the layout of
 * Darts-clone), whose values are places in the text behind it.
 *
 * <p>In base64: length of the trie in bytes, units of the trie, text; numbers are of 32 bits, little-endian.
 */
final class CharacterMap {
    private static final int LABELS = 256;

    private final int[] units;
    private final byte[] text;

    private CharacterMap(int[] units, byte[] text) {
        this.units = units;
        this.text = text;
    }

    /** Whether no text can lead the native library out of the table. */
    static boolean isSound(String base64) {
        try {
            byte[] bytes = Base64.getDecoder().decode(base64);
            ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            if (table.remaining() < Integer.BYTES
                    || !Base64.getEncoder().encodeToString(bytes).equals(base64)) {
                return false;
            }
            int length = table.getInt();
            if (length < Integer.BYTES || length > table.remaining() || length % Integer.BYTES != 0) {
                return false;
            }
            int[] units = new int[length / Integer.BYTES];
            table.asIntBuffer().get(units);
            ByteBuffer text = table.position(table.position() + length).slice();
            String behind = StandardCharsets.UTF_8.newDecoder().decode(text).toString();
            return new CharacterMap(units, behind.getBytes(StandardCharsets.UTF_8)).staysInside();
        } catch (IllegalArgumentException | CharacterCodingException e) {
            return false;
        }
    }

    /** Follows every label from every unit that can be reached. */
    private boolean staysInside() {
        BitSet seen = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        open.push(offset(units[0]));
        while (!open.isEmpty()) {
            int base = open.pop();
            if (base < 0 || (base | (LABELS - 1)) >= units.length) {
                return false;
            }
            for (int label = 1; label < LABELS; label++) {
                int unit = units[base ^ label];
                int next = base ^ label ^ offset(unit);
                if (label(unit) != label || (next >= 0 && seen.get(next))) {
                    continue;
                }
                if (next < 0 || next >= units.length || (hasValue(unit) && !isPlace(units[next]))) {
                    return false;
                }
                seen.set(next);
                open.push(next);
            }
        }
        return true;
    }

    /** Whether a value is the place of a character's first byte, or of the end. */
    private boolean isPlace(int unit) {
        int place = unit & Integer.MAX_VALUE;
        return place == text.length || (place < text.length && (text[place] & 0xC0) != 0x80);
    }

    /** The byte that leads to a unit; none for one that is a value. */
    private static int label(int unit) {
        return unit & (Integer.MIN_VALUE | 0xFF);
    }

    private static boolean hasValue(int unit) {
        return ((unit >>> 8) & 1) == 1;
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
    }
}
