package dev.espalier.data;

import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The head of a NumPy {@code .npy} file, format version 1.0, padded so that data starts at byte 128.
 *
 * @param descr element type: {@code |u1} bytes, {@code <i4>} or {@code <i8>} little-endian integers
 * @param shape extents, outermost first, in C order
 */
record Npy(String descr, Shape shape) {
    /** Where data starts; a multiple of 64, as the format asks. */
    static final int DATA = 128;

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final Pattern DICT =
            Pattern.compile("\\{'descr': '([^']+)', 'fortran_order': False, 'shape': \\(([0-9, ]*)\\),? *\\} *\n");

    static Npy of(String descr, long... shape) {
        return new Npy(descr, Shape.of(shape));
    }

    /** The header's 128 bytes. */
    ByteBuffer encode() {
        String extents = Arrays.stream(shape.toArray()).mapToObj(Long::toString).collect(Collectors.joining(", "));
        String dict = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + extents
                + (shape.rank() == 1 ? ",)" : ")") + ", }";
        ByteBuffer head = ByteBuffer.allocate(DATA).order(ByteOrder.LITTLE_ENDIAN);
        head.put(MAGIC).putShort((short) (DATA - 10)).put(dict.getBytes(StandardCharsets.ISO_8859_1));
        while (head.remaining() > 1) {
            head.put((byte) ' ');
        }
        return head.put((byte) '\n').flip();
    }

    /**
     * Checks that a file starts with this header and is as long as it says.
     *
     * @throws IOException if not
     */
    void require(FileChannel file) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(DATA);
        while (head.hasRemaining() && file.read(head, head.position()) >= 0) {}
        Npy got = decode(head.flip());
        if (!got.equals(this)) {
            throw new IOException("expected " + this + ", got " + got);
        }
        if (file.size() != DATA + bytes()) {
            throw new IOException("expected " + (DATA + bytes()) + " bytes, got " + file.size());
        }
    }

    private static Npy decode(ByteBuffer head) throws IOException {
        byte[] bytes = new byte[head.remaining()];
        head.get(bytes);
        if (bytes.length < DATA || !Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length))) {
            throw new IOException("not a .npy file of version 1.0");
        }
        Matcher dict = DICT.matcher(new String(bytes, 10, DATA - 10, StandardCharsets.ISO_8859_1));
        if (!dict.matches()) {
            throw new IOException("its .npy header is not one written here");
        }
        long[] extents = Arrays.stream(dict.group(2).split(",", -1))
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
        return of(dict.group(1), extents);
    }

    /** Bytes of data. */
    long bytes() {
        return Math.multiplyExact(shape.numel(), (long) Character.digit(descr.charAt(descr.length() - 1), 10));
    }

    @Override
    public String toString() {
        return descr + shape;
    }
}
