package dev.espalier.manifest.check;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * What tells contents apart: the first 128 bits of a SHA-256, by which no two different contents in the world are alike.
 *
 * @param high the first eight bytes, big-endian
 * @param low the next eight
 */
record ContentKey(long high, long low) {
    /** The key of nothing. */
    static final ContentKey NONE = new ContentKey(0, 0);

    /** The key of what {@code fields} and {@code bytes} say. */
    static ContentKey of(byte[] bytes, int... fields) {
        MessageDigest digest = digest();
        ByteBuffer head = ByteBuffer.allocate(4 * fields.length);
        for (int field : fields) {
            head.putInt(field);
        }
        digest.update(head.array());
        return of(digest.digest(bytes));
    }

    static ContentKey of(String text) {
        return of(digest().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** The key of several contents in their order. */
    static ContentKey of(List<ContentKey> parts) {
        ByteBuffer all = ByteBuffer.allocate(16 * parts.size());
        parts.forEach(part -> all.putLong(part.high).putLong(part.low));
        return of(digest().digest(all.array()));
    }

    private static ContentKey of(byte[] digest) {
        ByteBuffer bytes = ByteBuffer.wrap(digest);
        return new ContentKey(bytes.getLong(), bytes.getLong());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
