package dev.espalier.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 of facts in the order in which they are told. */
public final class Fingerprint {
    private final MessageDigest digest;

    /** Of nothing so far. */
    public Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Adds a text and the end of its line. */
    public Fingerprint line(String text) {
        return text(text + "\n");
    }

    /** Adds a text. */
    public Fingerprint text(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Adds numbers as 32 bits each, the highest first. */
    public Fingerprint numbers(int... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length);
        bytes.asIntBuffer().put(numbers);
        return bytes(bytes);
    }

    /** Adds what remains in a buffer, whose position stays. */
    public Fingerprint bytes(ByteBuffer bytes) {
        digest.update(bytes.duplicate());
        return this;
    }

    /** All 64 hexadecimal digits; nothing can be added afterwards. */
    public String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The first 24 hexadecimal digits, enough to tell the entries of a cache apart; nothing can be added afterwards. */
    public String key() {
        return hex().substring(0, 24);
    }
}
