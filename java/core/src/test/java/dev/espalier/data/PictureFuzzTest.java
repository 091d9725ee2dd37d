package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged pictures in the thousands, and small files that claim to be huge. */
class PictureFuzzTest {
    private static final int COUNT = Integer.getInteger("espalier.fuzz.count", 1500);

    private static byte[] file(String format, int type, SplittableRandom random) throws IOException {
        BufferedImage image = new BufferedImage(1 + random.nextInt(40), 1 + random.nextInt(40), type);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, format, out)).isTrue();
        return out.toByteArray();
    }

    private static byte[] damaged(byte[] file, SplittableRandom random) {
        byte[] bytes = file.clone();
        switch (random.nextInt(4)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> {
                for (int i = 0; i < 1 + random.nextInt(8); i++) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            }
            case 2 -> {
                int from = random.nextInt(bytes.length);
                int length = random.nextInt(bytes.length - from);
                System.arraycopy(bytes, from, bytes, random.nextInt(bytes.length - length), length);
            }
            default -> {
                // Heads, where sizes and kinds are.
                for (int i = 0; i < 1 + random.nextInt(4); i++) {
                    bytes[random.nextInt(Math.min(64, bytes.length))] = (byte) (random.nextBoolean() ? 0xFF : 0);
                }
            }
        }
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({"png, 10", "png, 5", "png, 6", "png, 13", "jpeg, 10", "jpeg, 5"})
    void damagedPicturesDecodeOrAreRefusedInOneLine(String format, int type) throws IOException {
        SplittableRandom random = new SplittableRandom(31 * type + format.length());
        int refused = 0;
        try (PictureDecoder decoder = new PictureDecoder()) {
            for (int i = 0; i < COUNT / 6 + 1; i++) {
                byte[] bytes = damaged(file(format, type, random), random);
                try {
                    Picture picture = decoder.decode(bytes);
                    assertThat(picture.bytes()).hasSize(picture.channels() * picture.height() * picture.width());
                } catch (CorruptImageException e) {
                    refused++;
                    assertThat(String.valueOf(e.getMessage()).lines().toList())
                            .hasSize(1)
                            .doesNotContain("", "null");
                }
            }
        }
        assertThat(refused).isGreaterThan(COUNT / 20);
    }

    @Test
    void namesOfChunksThatAreNoneDoNotBreakTheLine() throws IOException {
        byte[] file = png(1, 1, deflated(2));
        file[38] = '\n';
        try (PictureDecoder decoder = new PictureDecoder()) {
            assertThatThrownBy(() -> decoder.decode(file))
                    .isInstanceOf(CorruptImageException.class)
                    .hasMessage("the checksum of PNG chunk I?AT at byte 33 is wrong");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {100_000, 1 << 30})
    void smallFilesThatClaimHugePicturesAreRefusedBeforeMemoryIsTaken(int side) throws IOException {
        byte[] bomb = png(side, side, deflated(1 << 16));
        assertThat(bomb.length).isLessThan(1000);
        try (PictureDecoder decoder = new PictureDecoder()) {
            assertThatThrownBy(() -> decoder.decode(bomb))
                    .isInstanceOf(CorruptImageException.class)
                    .hasMessageContaining("claims " + side + "x" + side + " pixels");
        }
    }

    /** A picture that is what it says, but too large to be decoded beside others. */
    @Test
    void honestPicturesThatDoNotFitAreRefused() throws IOException {
        int side = (int) Math.sqrt(Runtime.getRuntime().maxMemory() / 32.0) + 1;
        byte[] large = png(side, side, deflated((long) side * (side + 1)));
        try (PictureDecoder decoder = new PictureDecoder()) {
            assertThatThrownBy(() -> decoder.decode(large))
                    .isInstanceOf(CorruptImageException.class)
                    .hasMessageContaining("claims " + side + "x" + side + " pixels");
        }
    }

    private static byte[] deflated(long zeros) {
        Deflater deflater = new Deflater(9);
        byte[] block = new byte[1 << 16];
        byte[] buffer = new byte[1 << 16];
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (long left = zeros; left > 0; left -= block.length) {
            deflater.setInput(block, 0, (int) Math.min(left, block.length));
            while (!deflater.needsInput()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
        }
        deflater.finish();
        while (!deflater.finished()) {
            out.write(buffer, 0, deflater.deflate(buffer));
        }
        deflater.end();
        return out.toByteArray();
    }

    /** A grey PNG of 8 bits with right checksums. */
    private static byte[] png(int width, int height, byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
        chunk(
                out,
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put(new byte[] {8, 0, 0, 0, 0})
                        .array());
        chunk(out, "IDAT", data);
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String name, byte[] content) {
        byte[] kind = name.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(kind);
        crc.update(content);
        out.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
        out.writeBytes(kind);
        out.writeBytes(content);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
