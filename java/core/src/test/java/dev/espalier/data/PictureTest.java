package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PictureTest {
    private static Picture grey(int height, int width, int... samples) {
        byte[] bytes = new byte[samples.length];
        for (int i = 0; i < samples.length; i++) {
            bytes[i] = (byte) samples[i];
        }
        return new Picture(1, height, width, bytes);
    }

    private static int[] samples(Picture picture) {
        int[] samples = new int[picture.bytes().length];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = picture.bytes()[i] & 0xFF;
        }
        return samples;
    }

    @Test
    void shrinkingAveragesTheSpan() {
        Picture picture = grey(2, 4, 0, 100, 20, 40, 200, 100, 60, 80);
        assertThat(samples(picture.resized(new ImageSize(1, 2)))).containsExactly(100, 50);
        // Three samples over two: each takes one and a half.
        assertThat(samples(grey(1, 3, 0, 90, 240).resized(new ImageSize(1, 2)))).containsExactly(30, 190);
    }

    @Test
    void growingInterpolatesBetweenCentresAndRepeatsEdges() {
        assertThat(samples(grey(1, 2, 0, 100).resized(new ImageSize(1, 4)))).containsExactly(0, 25, 75, 100);
        assertThat(samples(grey(2, 1, 0, 100).resized(new ImageSize(4, 1)))).containsExactly(0, 25, 75, 100);
    }

    @Test
    void flatStaysFlatAtAnySize() {
        byte[] bytes = new byte[3 * 7 * 5];
        Arrays.fill(bytes, (byte) 255);
        for (int side = 1; side < 20; side++) {
            for (int sample : samples(new Picture(3, 7, 5, bytes).resized(new ImageSize(side, 20 - side)))) {
                assertThat(sample).isEqualTo(255);
            }
        }
    }

    @Test
    void greyAndColourConvert() {
        assertThat(samples(grey(1, 2, 3, 4).withChannels(3))).containsExactly(3, 4, 3, 4, 3, 4);
        Picture colour = new Picture(3, 1, 1, new byte[] {(byte) 200, 100, 50});
        assertThat(samples(colour.withChannels(1))).containsExactly(124);
    }

    @Test
    void imageSizesParse() {
        assertThat(ImageSize.parse("32")).isEqualTo(new ImageSize(32, 32));
        assertThat(ImageSize.parse("48x64")).isEqualTo(new ImageSize(48, 64));
        for (String text : new String[] {"", "x", "32x", "-3", "0", "3.5", "99999"}) {
            assertThatThrownBy(() -> ImageSize.parse(text)).isInstanceOf(DataException.class);
        }
    }
}
