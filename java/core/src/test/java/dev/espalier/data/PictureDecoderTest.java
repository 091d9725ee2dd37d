package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureDecoderTest {
    private final PictureDecoder decoder = new PictureDecoder();

    @AfterEach
    void close() {
        decoder.close();
    }

    private static BufferedImage flat(int type, int... samples) {
        BufferedImage image = new BufferedImage(5, 4, type);
        WritableRaster raster = image.getRaster();
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 5; x++) {
                raster.setPixel(x, y, samples);
            }
        }
        return image;
    }

    private Picture png(BufferedImage image) throws IOException {
        return decoder.decode(Fixtures.encode(image, "png"));
    }

    private static void assertFlat(Picture picture, int... channels) {
        assertThat(picture.channels()).isEqualTo(channels.length);
        assertThat(picture.height()).isEqualTo(4);
        assertThat(picture.width()).isEqualTo(5);
        for (int i = 0; i < picture.bytes().length; i++) {
            assertThat(picture.bytes()[i] & 0xFF).isEqualTo(channels[i / 20]);
        }
    }

    @Test
    void pngIsDecodedToTheByte() throws IOException {
        assertThat(png(Fixtures.colour(3, 7, 9)).bytes()).isEqualTo(Fixtures.planes(3, 3, 7, 9));
    }

    @Test
    void greyStaysAsStored() throws IOException {
        assertFlat(png(flat(BufferedImage.TYPE_BYTE_GRAY, 77)), 77);
        assertFlat(png(flat(BufferedImage.TYPE_USHORT_GRAY, 77 * 257 + 100)), 77);
        assertFlat(png(flat(BufferedImage.TYPE_BYTE_BINARY, 1)), 255);
    }

    @Test
    void alphaIsDropped() throws IOException {
        assertFlat(png(flat(BufferedImage.TYPE_4BYTE_ABGR, 10, 20, 30, 0)), 10, 20, 30);
    }

    @Test
    void paletteIsLookedUp() throws IOException {
        byte[] red = {0, 9};
        byte[] green = {0, 8};
        byte[] blue = {0, 7};
        IndexColorModel palette = new IndexColorModel(8, 2, red, green, blue);
        BufferedImage image = new BufferedImage(5, 4, BufferedImage.TYPE_BYTE_INDEXED, palette);
        image.getRaster().setPixels(0, 0, 5, 4, new int[20]);
        for (int i = 0; i < 20; i++) {
            image.getRaster().setSample(i % 5, i / 5, 0, 1);
        }
        assertFlat(png(image), 9, 8, 7);
    }

    @Test
    void jpegOfOneColourKeepsItWithinOneStep() throws IOException {
        Picture picture = decoder.decode(Fixtures.encode(flat(BufferedImage.TYPE_INT_RGB, 200, 100, 50), "jpg"));
        assertThat(picture.channels()).isEqualTo(3);
        int[] expected = {200, 100, 50};
        for (int i = 0; i < picture.bytes().length; i++) {
            assertThat((picture.bytes()[i] & 0xFF) - expected[i / 20]).isBetween(-2, 2);
        }
        assertThat(decoder.decode(Fixtures.encode(flat(BufferedImage.TYPE_BYTE_GRAY, 90), "jpg"))
                        .channels())
                .isEqualTo(1);
    }

    /** Four bands as a camera-ready JPEG has them; {@code transform} below 0 writes no Adobe marker. */
    private static byte[] fourBands(int transform, int... samples) throws IOException {
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 4, null);
        for (int i = 0; i < 256; i++) {
            raster.setPixel(i % 16, i / 16, samples);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(new IIOImage(raster, null, null));
        } finally {
            writer.dispose();
        }
        byte[] file = out.toByteArray();
        if (transform < 0) {
            return file;
        }
        byte[] marker = {(byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform
        };
        byte[] marked = Arrays.copyOf(file, file.length + marker.length);
        System.arraycopy(marker, 0, marked, 2, marker.length);
        System.arraycopy(file, 2, marked, 2 + marker.length, file.length - 2);
        return marked;
    }

    private void assertColour(byte[] file, int... expected) throws IOException {
        Picture picture = decoder.decode(file);
        assertThat(picture.channels()).isEqualTo(3);
        for (int c = 0; c < 3; c++) {
            assertThat((picture.bytes()[c * 256] & 0xFF) - expected[c]).isBetween(-3, 3);
        }
    }

    @Test
    void cmykBecomesRgb() throws IOException {
        // Ink 0.4, 0.2, 0 and black 0.2: light is 0.6 * 0.8, 0.8 * 0.8, 0.8.
        assertColour(fourBands(-1, 102, 51, 0, 51), 122, 163, 204);
        // Adobe stores the light.
        assertColour(fourBands(0, 153, 204, 255, 204), 122, 163, 204);
        // YCbCr (BT.601, full range) of 55, 155, 205, the complement of that light; no black.
        assertColour(fourBands(2, 131, 170, 74, 255), 200, 100, 50);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpg", "png"})
    void everyTruncationIsNoticed(String format) {
        byte[] file = Fixtures.encode(Fixtures.colour(4, 40, 40), format);
        for (int length = 0; length < file.length - 1; length += Math.max(1, file.length / 50)) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> decoder.decode(cut))
                    .as("%s cut to %d of %d bytes", format, length, file.length)
                    .isInstanceOf(CorruptImageException.class)
                    .satisfies(failure ->
                            assertThat(failure.getMessage()).isNotBlank().doesNotContain("\n"));
        }
    }

    @Test
    void flippedPngByteIsNoticed() {
        byte[] file = Fixtures.encode(Fixtures.colour(4, 40, 40), "png");
        for (int at = 8; at < file.length; at += 37) {
            byte[] flipped = file.clone();
            flipped[at] ^= 0x10;
            assertThatThrownBy(() -> decoder.decode(flipped)).isInstanceOf(CorruptImageException.class);
        }
    }

    /** Whatever a JPEG's bytes are, the answer is a picture or a {@link CorruptImageException}. */
    @Test
    void garbledJpegNeverFailsOtherwise() throws IOException {
        byte[] file = Fixtures.encode(Fixtures.colour(4, 40, 40), "jpg");
        Philox random = new Philox(1, 0, 0);
        for (int i = 0; i < 300; i++) {
            byte[] garbled = file.clone();
            for (int k = 0; k < 5; k++) {
                garbled[random.below(i * 10L + k, file.length)] = (byte) random.below(i * 10L + 5 + k, 256);
            }
            try {
                assertThat(decoder.decode(garbled).bytes()).isNotEmpty();
            } catch (CorruptImageException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
        assertThat(decoder.decode(file).width()).isEqualTo(40);
    }
}
