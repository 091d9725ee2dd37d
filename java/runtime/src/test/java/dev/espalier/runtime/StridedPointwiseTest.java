package dev.espalier.runtime;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.testing.NoLeaks;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 1x1 convolutions with a stride, as in the shortcuts of residual networks; docs/decisions/0006. */
@NoLeaks
class StridedPointwiseTest {
    private static final int IMAGES = 5;
    private static final int EXTENT = 9;
    private static final int OUTPUTS = 3;
    private static final long[] STRIDE = {2, 3};
    private static final long[] PADS = {1, 0, 0, 2};

    /** Small whole numbers, so that sums are exact in every order. */
    private static Tensor whole(int seed, long... shape) {
        int count = 1;
        for (long extent : shape) {
            count *= (int) extent;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (i * 7 + seed) % 11 - 5;
        }
        return Tensor.of(values, shape);
    }

    /** The same images channels-first and channels-last: libtorch sends them through different kernels. */
    private static Tensor images(int channels, boolean channelsLast) {
        Tensor last = whole(1, IMAGES, EXTENT, EXTENT, channels).permute(0, 3, 1, 2);
        return channelsLast ? last : last.contiguous();
    }

    private static void backward(int channels, boolean channelsLast) {
        Tensor x = images(channels, channelsLast).setRequiresGrad(true);
        Tensor w = whole(2, OUTPUTS, channels, 1, 1).setRequiresGrad(true);
        Tensor y = Nn.conv2d(x, w, null, ConvolutionWindow.of(STRIDE, PADS, new long[] {1, 1}, 1));
        y.mul(whole(3, y.shape().toArray())).sum().backward();
        long rows = (EXTENT + PADS[0] + PADS[2] - 1) / STRIDE[0] + 1;
        long columns = (EXTENT + PADS[1] + PADS[3] - 1) / STRIDE[1] + 1;
        assertThat(y.shape()).isEqualTo(Shape.of(IMAGES, OUTPUTS, rows, columns));

        float[] image = x.detach().contiguous().toFloatArray();
        float[] filter = w.detach().toFloatArray();
        float[] upstream = whole(3, y.shape().toArray()).toFloatArray();
        float[] output = new float[upstream.length];
        float[] imageGradient = new float[image.length];
        float[] filterGradient = new float[filter.length];
        for (int o = 0; o < output.length; o++) {
            int column = (int) (o % columns * STRIDE[1] - PADS[1]);
            int row = (int) (o / columns % rows * STRIDE[0] - PADS[0]);
            int k = (int) (o / (columns * rows) % OUTPUTS);
            int n = (int) (o / (columns * rows * OUTPUTS));
            boolean inside = row >= 0 && row < EXTENT && column >= 0 && column < EXTENT;
            for (int c = 0; inside && c < channels; c++) {
                int at = ((n * channels + c) * EXTENT + row) * EXTENT + column;
                output[o] += image[at] * filter[k * channels + c];
                imageGradient[at] += upstream[o] * filter[k * channels + c];
                filterGradient[k * channels + c] += upstream[o] * image[at];
            }
        }
        assertThat(y.detach().contiguous().toFloatArray()).isEqualTo(output);
        assertThat(requireNonNull(x.grad()).contiguous().toFloatArray()).isEqualTo(imageGradient);
        assertThat(requireNonNull(w.grad()).toFloatArray()).isEqualTo(filterGradient);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 15, 16, 20})
    void gradientsAreExact(int channels) {
        try (Scope scope = Scope.open()) {
            backward(channels, false);
            backward(channels, true);
        }
    }

    /** Run with the guarded allocator: a write beyond a workspace ends the process. */
    static final class Guarded {
        private Guarded() {}

        /** As wide as the shortcuts of a narrow ResNet-20, which is where the writes were found. */
        public static void main(String[] args) {
            ConvolutionWindow window = ConvolutionWindow.of(new long[] {2, 2}, new long[4], new long[] {1, 1}, 1);
            for (int channels : new int[] {4, 11}) {
                try (Scope scope = Scope.open()) {
                    Tensor x = whole(1, 5, 16, 16, channels).permute(0, 3, 1, 2).setRequiresGrad(true);
                    Tensor w = whole(2, 8, channels, 1, 1).setRequiresGrad(true);
                    Tensor y = Nn.conv2d(x, w, null, window);
                    y.mul(y).sum().backward();
                }
            }
            System.out.print("nothing was overwritten");
        }
    }

    @Test
    void nothingBeyondAWorkspaceIsWritten() throws IOException, InterruptedException {
        Path guard = Path.of(System.getProperty("espalier.native.dir"), "libespalier_guard.so");
        assertThat(guard)
                .as("build it with: cmake --preset release -DESPALIER_TESTS=ON && cmake --build --preset release")
                .exists();
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:ErrorFile=" + File.separator + "dev" + File.separator + "null",
                "-XX:-CreateCoredumpOnCrash",
                "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("org.bytedeco.javacpp.cachedir"),
                "-cp",
                System.getProperty("java.class.path"),
                Guarded.class.getName()));
        builder.environment().put("LD_PRELOAD", guard.toString());
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(output).endsWith("nothing was overwritten");
        assertThat(process.exitValue()).isZero();
    }
}
