package dev.espalier.model;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Pad;
import dev.espalier.op.Slice;
import dev.espalier.op.Window;
import dev.espalier.runtime.Shape;
import java.util.List;
import java.util.function.Consumer;

/** Layers of image classifiers whose blocks stand beside shortcuts or are concatenated with their input. */
final class ResidualArchitectures {
    private ResidualArchitectures() {}

    private static int scaled(int channels, double width) {
        return Models.scaled(channels, width);
    }

    /**
     * Three stages of {@code blocks} residual blocks with 16, 32 and 64 channels (He et al. 2016, section 4.2).
     *
     * @param padded shortcuts drop every second pixel and add zero channels where the shape changes (option A), instead of a 1x1 projection
     *     (option B)
     */
    static ModelBuilder cifarResnet(String name, int blocks, boolean padded, Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of(name, input)
                .convNorm(scaled(16, width), 3, 1, 1)
                .relu();
        for (int stage = 0; stage < 3; stage++) {
            int channels = scaled(16 << stage, width);
            for (int i = 0; i < blocks; i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                layers.block("stage" + (stage + 1) + "." + i, basicBlock(channels, stride, padded));
            }
        }
        return layers.globalAveragePool().dense(classes);
    }

    /** Two 3x3 convolutions beside a shortcut, which changes its shape with the branch. */
    static Consumer<ModelBuilder> basicBlock(int channels, int stride, boolean padded) {
        return layers -> layers.residual(
                        branch -> branch.convNorm(channels, 3, stride, 1).relu().convNorm(channels, 3, 1, 1),
                        shortcut -> {
                            if (padded) {
                                thinAndWide(shortcut, channels, stride);
                            } else if (stride > 1 || shortcut.shape().dim(0) != channels) {
                                shortcut.convNorm(channels, 1, stride, 0);
                            }
                        })
                .relu();
    }

    private static void thinAndWide(ModelBuilder shortcut, int channels, int stride) {
        long more = channels - shortcut.shape().dim(0);
        long before = more / 2;
        if (stride > 1) {
            shortcut.op("thin", everySecond());
        }
        if (more > 0) {
            shortcut.op("wide", new Pad(Ints.of(0, before, 0, 0, 0, more - before, 0, 0), 0, Ints.NONE));
        }
    }

    private static Slice everySecond() {
        return new Slice(Ints.of(0, 0), Ints.of(Integer.MAX_VALUE, Integer.MAX_VALUE), Ints.of(2, 3), Ints.of(2, 2));
    }

    /** ResNet with basic blocks (He et al. 2016); images of at most 64 pixels skip the stem's stride and pooling. */
    static ModelBuilder basicResnet(String name, int[] blocks, Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of(name, input);
        if (input.dim(1) <= 64) {
            layers.convNorm(scaled(64, width), 3, 1, 1).relu();
        } else {
            layers.convNorm(scaled(64, width), 7, 2, 3).relu().maxPool(3, 2, 1);
        }
        for (int stage = 0; stage < 4; stage++) {
            int channels = scaled(64 << stage, width);
            for (int i = 0; i < blocks[stage]; i++) {
                layers.block("stage" + (stage + 1) + "." + i, basicBlock(channels, i > 0 || stage == 0 ? 1 : 2, false));
            }
        }
        return layers.globalAveragePool().dense(classes);
    }

    /** Wide ResNet with 6n + 4 layers (Zagoruyko and Komodakis 2016): normalisation and ReLU before every convolution. */
    static ModelBuilder wideResnet(String name, int blocks, int factor, Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of(name, input).conv(scaled(16, width), Window.square(3, 1, 1), 1, false);
        for (int stage = 0; stage < 3; stage++) {
            int channels = scaled((16 * factor) << stage, width);
            for (int i = 0; i < blocks; i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                layers.block("stage" + (stage + 1) + "." + i, block -> {
                    boolean same = stride == 1 && block.shape().dim(0) == channels;
                    block.residual(
                            branch -> branch.norm()
                                    .relu()
                                    .conv(channels, Window.square(3, stride, 1), 1, false)
                                    .norm()
                                    .relu()
                                    .conv(channels, Window.square(3, 1, 1), 1, false),
                            shortcut -> {
                                if (!same) {
                                    shortcut.conv(channels, Window.square(1, stride, 0), 1, false);
                                }
                            });
                });
            }
        }
        return layers.norm().relu().globalAveragePool().dense(classes);
    }

    /** ResNet with bottleneck blocks (He et al. 2016), the stride at the 3x3 convolution as in torchvision. */
    static ModelBuilder bottleneckResnet(String name, int[] blocks, Shape input, int classes, double width) {
        ModelBuilder layers = ImageArchitectures.stem(
                        name, input, scaled(64, width), ImageArchitectures.small(input) ? 3 : 7)
                .relu();
        if (!ImageArchitectures.small(input)) {
            layers.maxPool(3, 2, 1);
        }
        for (int stage = 0; stage < 4; stage++) {
            int inner = scaled(64 << stage, width);
            int outer = scaled(256 << stage, width);
            for (int i = 0; i < blocks[stage]; i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                boolean same = i > 0;
                layers.block(
                        "stage" + (stage + 1) + "." + i,
                        block -> block.residual(
                                        branch -> branch.convNorm(inner, 1, 1, 0)
                                                .relu()
                                                .convNorm(inner, 3, stride, 1)
                                                .relu()
                                                .convNorm(outer, 1, 1, 0),
                                        shortcut -> {
                                            if (!same) {
                                                shortcut.convNorm(outer, 1, stride, 0);
                                            }
                                        })
                                .relu());
            }
        }
        return layers.globalAveragePool().dense(classes);
    }

    /** DenseNet (Huang et al. 2017); {@code bottleneck} layers have a 1x1 convolution of four growths first and halve in between. */
    static ModelBuilder densenet(
            String name, int[] blocks, int growth, boolean bottleneck, Shape input, int classes, double width) {
        int step = scaled(growth, width);
        ModelBuilder layers = ModelBuilder.of(name, input);
        if (ImageArchitectures.small(input)) {
            layers.conv(bottleneck ? 2 * step : scaled(16, width), Window.square(3, 1, 1), 1, false);
        } else {
            layers.convNorm(2 * step, 7, 2, 3).relu().maxPool(3, 2, 1);
        }
        for (int stage = 0; stage < blocks.length; stage++) {
            if (stage > 0) {
                int channels = (int) layers.shape().dim(0) / (bottleneck ? 2 : 1);
                layers.block(
                        "transition" + stage,
                        t -> t.norm()
                                .relu()
                                .conv(channels, Window.square(1, 1, 0), 1, false)
                                .averagePool(2));
            }
            for (int i = 0; i < blocks[stage]; i++) {
                layers.block(
                        "block" + (stage + 1) + "." + i,
                        block -> block.concat(List.of(all -> {}, more -> {
                            more.norm().relu();
                            if (bottleneck) {
                                more.convNorm(4 * step, 1, 1, 0).relu();
                            }
                            more.conv(step, Window.square(3, 1, 1), 1, false);
                        })));
            }
        }
        return layers.norm().relu().globalAveragePool().dense(classes);
    }
}
