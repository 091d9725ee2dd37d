package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NoLeaks
class AugmenterTest {
    private static final int CHANNELS = 3;
    private static final int HEIGHT = 5;
    private static final int WIDTH = 7;
    private static final int COUNT = 40;
    private static final int[] IMAGES = IntStream.range(0, COUNT).toArray();

    private static float[] augment(Augmentation augmentation, int epoch, int... images) {
        try (Scope scope = Scope.open()) {
            byte[] bytes = new byte[images.length * CHANNELS * HEIGHT * WIDTH];
            for (int i = 0; i < images.length; i++) {
                byte[] image = Fixtures.planes(images[i], CHANNELS, HEIGHT, WIDTH);
                System.arraycopy(image, 0, bytes, i * image.length, image.length);
            }
            Tensor batch = Tensor.of(bytes, images.length, CHANNELS, HEIGHT, WIDTH);
            return new Augmenter(augmentation, 11, epoch).apply(batch, images).toFloatArray();
        }
    }

    private static float scaled(int image, int c, int y, int x) {
        return Fixtures.pixel(image, c, y, x) / 255f;
    }

    private static float at(float[] batch, int i, int c, int y, int x) {
        return batch[((i * CHANNELS + c) * HEIGHT + y) * WIDTH + x];
    }

    /** What the pixel at (y, x) of a crop that starts at (dy, dx) shows. */
    private static float cropped(int image, int c, int y, int x, Crop.Border border) {
        if (border == Crop.Border.ZERO) {
            return y < 0 || y >= HEIGHT || x < 0 || x >= WIDTH ? 0f : scaled(image, c, y, x);
        }
        int row = y < 0 ? -y : y >= HEIGHT ? 2 * HEIGHT - 2 - y : y;
        int column = x < 0 ? -x : x >= WIDTH ? 2 * WIDTH - 2 - x : x;
        return scaled(image, c, row, column);
    }

    private static boolean shows(float[] batch, int i, int dy, int dx, boolean flip, Crop.Border border) {
        for (int c = 0; c < CHANNELS; c++) {
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    int column = flip ? WIDTH - 1 - x : x;
                    if (at(batch, i, c, y, x) != cropped(IMAGES[i], c, y + dy, column + dx, border)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    @Test
    void noneOnlyScales() {
        float[] batch = augment(Augmentation.none(), 0, IMAGES);
        for (int i = 0; i < COUNT; i++) {
            assertThat(shows(batch, i, 0, 0, false, Crop.Border.ZERO)).isTrue();
        }
    }

    @Test
    void flipMirrorsAboutHalfOfTheImagesAndLeavesTheRest() {
        float[] batch = augment(Augmentation.none().withHorizontalFlip(true), 0, IMAGES);
        int flipped = 0;
        for (int i = 0; i < COUNT; i++) {
            boolean mirrored = shows(batch, i, 0, 0, true, Crop.Border.ZERO);
            assertThat(mirrored || shows(batch, i, 0, 0, false, Crop.Border.ZERO))
                    .isTrue();
            flipped += mirrored ? 1 : 0;
        }
        // Binomial of 40 and one half: beyond these bounds with probability below 1e-4.
        assertThat(flipped).isBetween(8, 32);
    }

    @ParameterizedTest
    @EnumSource
    void cropShowsOneOfTheWindowsToTheBitAndAllComeUp(Crop.Border border) {
        Augmentation augmentation = Augmentation.none().withHorizontalFlip(true).withCrop(new Crop(1, border));
        boolean[] seen = new boolean[18];
        for (int epoch = 0; epoch < 10; epoch++) {
            float[] batch = augment(augmentation, epoch, IMAGES);
            for (int i = 0; i < COUNT; i++) {
                int windows = 0;
                for (int window = 0; window < 18; window++) {
                    if (shows(batch, i, window % 3 - 1, window / 3 % 3 - 1, window >= 9, border)) {
                        windows++;
                        seen[window] = true;
                    }
                }
                assertThat(windows).isEqualTo(1);
            }
        }
        assertThat(seen).doesNotContain(false);
    }

    @Test
    void imageDecidesItsAugmentationWhateverTheBatch() {
        Augmentation augmentation = new Augmentation(
                true,
                true,
                new Warp(0.2, 0.2, 0.1, 20),
                new Crop(2, Crop.Border.REFLECT),
                0.3,
                MixedAugmentation.none());
        float[] batch = augment(augmentation, 4, 5, 6, 7, 8);
        float[] alone = augment(augmentation, 4, 7);
        int image = CHANNELS * HEIGHT * WIDTH;
        for (int k = 0; k < image; k++) {
            assertThat(alone[k]).isEqualTo(batch[2 * image + k]);
        }
        assertThat(augment(augmentation, 5, 7)).isNotEqualTo(alone);
    }

    @Test
    void verticalFlipMirrorsAboutHalfOfTheImagesTopToBottom() {
        float[] still = augment(Augmentation.none(), 0, IMAGES);
        float[] batch = augment(Augmentation.none().withVerticalFlip(true), 0, IMAGES);
        int flipped = 0;
        for (int i = 0; i < COUNT; i++) {
            boolean same = true;
            boolean mirrored = true;
            for (int c = 0; c < CHANNELS; c++) {
                for (int y = 0; y < HEIGHT; y++) {
                    for (int x = 0; x < WIDTH; x++) {
                        same &= at(batch, i, c, y, x) == at(still, i, c, y, x);
                        mirrored &= at(batch, i, c, y, x) == at(still, i, c, HEIGHT - 1 - y, x);
                    }
                }
            }
            assertThat(same || mirrored).isTrue();
            flipped += mirrored ? 1 : 0;
        }
        // Binomial of 40 and one half: beyond these bounds with probability below 1e-4.
        assertThat(flipped).isBetween(8, 32);
    }

    @Test
    void cutoutBlanksOneSquareOfAllChannelsAnywhere() {
        Augmentation augmentation = Augmentation.none().withCutout(0.6); // 3 of 5 rows
        boolean[][] blanked = new boolean[HEIGHT][WIDTH];
        for (int epoch = 0; epoch < 5; epoch++) {
            float[] batch = new float[COUNT * CHANNELS * HEIGHT * WIDTH];
            Arrays.fill(batch, 7);
            try (Scope scope = Scope.open()) {
                Tensor inputs = Tensor.of(batch, COUNT, CHANNELS, HEIGHT, WIDTH);
                new Augmenter(augmentation, 11, epoch).cut(inputs, IMAGES, 0);
                batch = inputs.toFloatArray();
            }
            for (int i = 0; i < COUNT; i++) {
                boolean[] rows = new boolean[HEIGHT];
                boolean[] columns = new boolean[WIDTH];
                for (int y = 0; y < HEIGHT; y++) {
                    for (int x = 0; x < WIDTH; x++) {
                        boolean blank = at(batch, i, 0, y, x) == 0;
                        rows[y] |= blank;
                        columns[x] |= blank;
                        blanked[y][x] |= blank;
                    }
                }
                assertThat(count(rows)).isBetween(2, 3);
                assertThat(count(columns)).isBetween(2, 3);
                for (int c = 0; c < CHANNELS; c++) {
                    for (int y = 0; y < HEIGHT; y++) {
                        for (int x = 0; x < WIDTH; x++) {
                            assertThat(at(batch, i, c, y, x)).isEqualTo(rows[y] && columns[x] ? 0f : 7f);
                        }
                    }
                }
            }
        }
        for (boolean[] row : blanked) {
            assertThat(row).doesNotContain(false);
        }
    }

    private static int count(boolean[] flags) {
        int count = 0;
        for (boolean flag : flags) {
            count += flag ? 1 : 0;
        }
        return count;
    }

    /** A map close to none moves pixels by at most a rounding of the sampling position times the largest step in value. */
    @Test
    void tinyRangesBarelyMovePixels() {
        double tiny = 1e-9;
        float[] moved = augment(Augmentation.none().withWarp(new Warp(tiny, tiny, tiny, tiny)), 0, IMAGES);
        float[] still = augment(Augmentation.none(), 0, IMAGES);
        float tolerance = 16 * Math.ulp(1f) * WIDTH;
        for (int k = 0; k < still.length; k++) {
            assertThat(moved[k]).isCloseTo(still[k], within(tolerance));
        }
    }

    /** Bilinear weights sum to one, so a flat image stays flat under any map with repeated edges. */
    @Test
    void flatImageStaysFlat() {
        try (Scope scope = Scope.open()) {
            byte[] bytes = new byte[COUNT * HEIGHT * WIDTH];
            Arrays.fill(bytes, (byte) 51);
            Tensor batch = Tensor.of(bytes, COUNT, 1, HEIGHT, WIDTH);
            Augmentation wild = Augmentation.none().withHorizontalFlip(true).withWarp(new Warp(0.5, 0.5, 0.5, 90));
            for (float value : new Augmenter(wild, 3, 0).apply(batch, IMAGES).toFloatArray()) {
                assertThat(value).isCloseTo(0.2f, within(4 * Math.ulp(0.2f)));
            }
        }
    }

    /** An image bright in one half, shifted by s of its width, has its edge moved by s of its width. */
    @Test
    void shiftMovesByAShareOfTheWidth() {
        int side = 64;
        try (Scope scope = Scope.open()) {
            byte[] bytes = new byte[side * side];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i % side < side / 2 ? 255 : 0);
            }
            Tensor batch = Tensor.of(bytes, 1, 1, side, side);
            int[] image = {9};
            float[] shifted = new Augmenter(Augmentation.none().withShift(0.25), 3, 0)
                    .apply(batch, image)
                    .toFloatArray();
            double share = new Philox(3, Philox.AUGMENT, 0).uniform(9 * 16 + 6, -0.25, 0.25);
            double bright = 0;
            for (int x = 0; x < side; x++) {
                bright += shifted[x];
            }
            assertThat(bright).isCloseTo(side * (0.5 - share), within(1e-3));
        }
    }
}
