package dev.espalier.manifest.fetch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/** Writes tar archives, well-formed or as an attacker would. */
final class TarMaker {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    TarMaker file(String path, byte[] content) {
        return entry(path, '0', content);
    }

    TarMaker file(String path, String content) {
        return file(path, content.getBytes(StandardCharsets.UTF_8));
    }

    TarMaker folder(String path) {
        return entry(path, '5', new byte[0]);
    }

    TarMaker entry(String path, char type, byte[] content) {
        out.writeBytes(head(path, type, String.format("%011o", content.length), "ustar\0" + "00"));
        return padded(content);
    }

    /** A head whose size field is just this text, and nothing after it. */
    TarMaker claim(String path, String size) {
        out.writeBytes(head(path, '0', size, "ustar\0" + "00"));
        return this;
    }

    /** A pax header with one record, for the entry after it. */
    TarMaker pax(String key, String value) {
        byte[] rest = (" " + key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8);
        int length = rest.length + 1;
        while (Integer.toString(length).length() + rest.length != length) {
            length++;
        }
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        record.writeBytes(Integer.toString(length).getBytes(StandardCharsets.US_ASCII));
        record.writeBytes(rest);
        return entry("pax", 'x', record.toByteArray());
    }

    TarMaker gnuLongName(String path) {
        return entry("././@LongLink", 'L', (path + "\0").getBytes(StandardCharsets.UTF_8));
    }

    TarMaker raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    private TarMaker padded(byte[] content) {
        out.writeBytes(content);
        out.writeBytes(new byte[-content.length & 511]);
        return this;
    }

    static byte[] head(String path, char type, String size, String magic) {
        byte[] head = new byte[512];
        put(head, 0, path);
        put(head, 100, "0000644\0");
        put(head, 124, size);
        put(head, 136, "00000000000");
        put(head, 148, "        ");
        head[156] = (byte) type;
        put(head, 257, magic);
        int sum = 0;
        for (byte b : head) {
            sum += b & 0xFF;
        }
        put(head, 148, String.format("%06o\0 ", sum));
        return head;
    }

    private static void put(byte[] head, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, head, at, bytes.length);
    }

    /** The archive with its end, packed. */
    byte[] gzip() {
        out.writeBytes(new byte[1024]);
        return gzip(out.toByteArray());
    }

    /** The archive cut off at a length, packed. */
    byte[] gzipCut(int length) {
        return gzip(Arrays.copyOf(out.toByteArray(), length));
    }

    private static byte[] gzip(byte[] tar) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(tar);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
