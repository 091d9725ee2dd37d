package dev.espalier.data;

import dev.espalier.runtime.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** Some images of another source, which it does not own. */
final class Subset implements ImageSource {
    private final ImageSource source;
    private final int[] rows;
    private final int[] labels;

    Subset(ImageSource source, int[] rows) {
        this.source = source;
        this.rows = rows.clone();
        int[] all = source.labels();
        this.labels = new int[rows.length];
        for (int i = 0; i < rows.length; i++) {
            labels[i] = all[rows[i]];
        }
    }

    @Override
    public int size() {
        return rows.length;
    }

    @Override
    public List<String> classes() {
        return source.classes();
    }

    @Override
    public int[] labels() {
        return labels.clone();
    }

    @Override
    public Shape imageShape() {
        return source.imageShape();
    }

    @Override
    public void read(int index, ByteBuffer to) {
        source.read(rows[index], to);
    }

    @Override
    public String name(int index) {
        return source.name(rows[index]);
    }

    /** Over the whole source's fingerprint and the rows chosen. */
    @Override
    public String fingerprint() {
        MessageDigest digest = CacheWriter.sha256();
        digest.update(source.fingerprint().getBytes(StandardCharsets.UTF_8));
        for (int row : rows) {
            digest.update(ByteBuffer.allocate(4).putInt(row).flip());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public void close() {}
}
