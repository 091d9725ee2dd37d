package dev.espalier.manifest.fetch;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Files and folders of a tar archive in the order in which they lie: ustar and pax as POSIX.1-2017 ({@code pax}) lays them
 * out, with GNU's long names and large sizes. Links, devices and sparse files are refused.
 */
final class TarReader {
    private static final int BLOCK = 512;
    /** Bytes of a long name or of pax records. */
    private static final int MOST_EXTENDED = 1 << 16;

    private static final int NAME = 0;
    private static final int SIZE = 124;
    private static final int CHECKSUM = 148;
    private static final int TYPE = 156;
    private static final int MAGIC = 257;
    private static final int PREFIX = 345;

    private final InputStream in;
    private long left;
    private long padding;

    /** Reads from {@code in}, which the caller closes. */
    TarReader(InputStream in) {
        this.in = in;
    }

    /** What pax records or a long name say of the entry after them. */
    private static final class Extended {
        private @Nullable String path;
        private @Nullable String size;
    }

    /** The next entry, with what is left of the former one skipped; null at the end. */
    @Nullable
    TarEntry next() throws IOException {
        Extended extended = new Extended();
        for (byte[] head = head(); head != null; head = head()) {
            String size = extended.size;
            long bytes = size == null ? number(head, SIZE, 12) : decimal(size);
            left = bytes;
            padding = -bytes & (BLOCK - 1);
            String own = name(head);
            String path = extended.path == null ? own : extended.path;
            switch (head[TYPE]) {
                case 'x' -> records(extension(path), extended);
                case 'g' -> extension(path);
                case 'L' -> extended.path = cut(extension(path));
                case '5' -> {
                    return new TarEntry(path, true, 0);
                }
                case '0', '7', 0 -> {
                    return new TarEntry(path, path.endsWith("/"), bytes);
                }
                default ->
                    throw new IOException("'" + path + "' is a link, a device or of another kind that is not unpacked");
            }
        }
        return null;
    }

    /** The bytes of the entry that {@link #next} gave; -1 after the last. */
    int read(byte[] buffer) throws IOException {
        if (left == 0) {
            return -1;
        }
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (n < 0) {
            throw new EOFException("it ends early");
        }
        left -= n;
        return n;
    }

    private byte @Nullable [] head() throws IOException {
        in.skipNBytes(left + padding);
        left = 0;
        padding = 0;
        byte[] head = in.readNBytes(BLOCK);
        if (head.length == 0 || Arrays.equals(head, new byte[BLOCK])) {
            return null;
        }
        if (head.length < BLOCK) {
            throw new EOFException("it ends early");
        }
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : head[i] & 0xFF;
        }
        if (sum != number(head, CHECKSUM, 8)) {
            throw new IOException("it is no tar archive, or damaged: the checksum of a header is wrong");
        }
        return head;
    }

    private static String name(byte[] head) {
        String name = cut(Arrays.copyOfRange(head, NAME, NAME + 100));
        boolean posix = new String(head, MAGIC, 6, StandardCharsets.US_ASCII).equals("ustar\0");
        String prefix = posix ? cut(Arrays.copyOfRange(head, PREFIX, PREFIX + 155)) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    /** Up to the first zero byte. */
    private static String cut(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    /** Octal digits, or GNU's big-endian number with the top bit of the first byte set. */
    private static long number(byte[] head, int at, int length) throws IOException {
        long value = 0;
        if ((head[at] & 0x80) != 0) {
            value = head[at] & 0x7F;
            for (int i = at + 1; i < at + length; i++) {
                if (value >> 54 != 0) {
                    throw new IOException("a number in a header is too large");
                }
                value = value << 8 | (head[i] & 0xFF);
            }
            return value;
        }
        String digits = cut(Arrays.copyOfRange(head, at, at + length)).strip();
        if (!digits.matches("[0-7]{0,12}")) {
            throw new IOException("a number in a header is damaged");
        }
        return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
    }

    private static long decimal(String text) throws IOException {
        if (!text.matches("[0-9]{1,18}")) {
            throw new IOException("a size in a header is damaged");
        }
        return Long.parseLong(text);
    }

    private byte[] extension(String path) throws IOException {
        if (left > MOST_EXTENDED) {
            throw new IOException("the header '" + path + "' claims " + left + " bytes, more than " + MOST_EXTENDED);
        }
        byte[] bytes = in.readNBytes((int) left);
        if (bytes.length < left) {
            throw new EOFException("it ends early");
        }
        left = 0;
        return bytes;
    }

    /** Pax records: {@code "<length> <key>=<value>\n"}, the length counting the whole record in bytes. */
    private static void records(byte[] bytes, Extended extended) throws IOException {
        for (int at = 0; at < bytes.length; ) {
            int space = at;
            while (space < bytes.length && bytes[space] != ' ' && space - at < 6) {
                space++;
            }
            long length = decimal(new String(bytes, at, space - at, StandardCharsets.US_ASCII));
            if (length <= space - at + 1 || length > bytes.length - at) {
                throw new IOException("a pax record is damaged");
            }
            String record = new String(bytes, space + 1, (int) length - (space - at) - 2, StandardCharsets.UTF_8);
            int equals = record.indexOf('=');
            String value = record.substring(equals + 1);
            if (equals == 4 && record.startsWith("path")) {
                extended.path = value;
            } else if (equals == 4 && record.startsWith("size")) {
                extended.size = value;
            } else if (record.startsWith("GNU.sparse")) {
                throw new IOException("a file in it is sparse, which is not unpacked");
            }
            at += (int) length;
        }
    }
}
