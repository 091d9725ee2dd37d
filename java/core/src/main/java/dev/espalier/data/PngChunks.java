package dev.espalier.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Checks that a PNG file is whole (W3C PNG specification, section 5): every chunk's CRC, and that IEND is there. */
final class PngChunks {
    private static final long SIGNATURE = 0x89504E470D0A1A0AL;

    private PngChunks() {}

    static boolean isPng(byte[] file) {
        return file.length >= 8 && ByteBuffer.wrap(file).getLong() == SIGNATURE;
    }

    static void verify(byte[] file) throws CorruptImageException {
        ByteBuffer in = ByteBuffer.wrap(file).position(8);
        CRC32 crc = new CRC32();
        while (in.remaining() >= 12) {
            long length = in.getInt() & 0xFFFFFFFFL;
            if (length > in.remaining() - 8) {
                break;
            }
            int start = in.position();
            crc.reset();
            crc.update(file, start, 4 + (int) length);
            in.position(start + 4 + (int) length);
            String type = new String(file, start, 4, StandardCharsets.ISO_8859_1);
            if ((in.getInt() & 0xFFFFFFFFL) != crc.getValue()) {
                throw new CorruptImageException("the checksum of PNG chunk " + type.replaceAll("[^A-Za-z]", "?")
                        + " at byte " + (start - 4) + " is wrong");
            }
            if (type.equals("IEND")) {
                return;
            }
        }
        throw new CorruptImageException("the file ends early: no IEND chunk");
    }
}
