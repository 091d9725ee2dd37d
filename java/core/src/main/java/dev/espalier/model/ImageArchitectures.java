package dev.espalier.model;

import dev.espalier.op.Concat;
import dev.espalier.op.Window;
import dev.espalier.runtime.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Layers of the better known image classifiers, and of one segmenter. Images of at most 64 pixels a side meet a stem without stride and
 * pooling, as is the custom for CIFAR; larger ones meet the stem of the paper.
 */
final class ImageArchitectures {
    private static final int SMALL = 64;

    private ImageArchitectures() {}

    private static int scaled(int channels, double width) {
        return Models.scaled(channels, width);
    }

    /** Whether the images are as small as those of CIFAR. */
    static boolean small(Shape input) {
        return input.dim(1) <= SMALL;
    }

    /** Adds a stem with stride 2 for larger images, 1 for small ones. */
    static ModelBuilder stem(String name, Shape input, int channels, int kernel) {
        int stride = small(input) ? 1 : 2;
        return ModelBuilder.of(name, input).convNorm(channels, kernel, stride, kernel / 2);
    }

    /** LeNet-5 (LeCun et al. 1998), with ReLU and max pooling as it is taught today. */
    static ModelBuilder lenet(Shape input, int classes, double width) {
        return ModelBuilder.of("lenet", input)
                .conv(scaled(6, width), 5, 1, 2)
                .relu()
                .maxPool(2)
                .conv(scaled(16, width), 5)
                .relu()
                .maxPool(2)
                .flatten()
                .dense(scaled(120, width))
                .relu()
                .dense(scaled(84, width))
                .relu()
                .dense(classes);
    }

    /** GoogLeNet (Szegedy et al. 2015) with batch normalisation and without auxiliary classifiers. */
    static ModelBuilder googlenet(Shape input, int classes, double width) {
        ModelBuilder layers = stem("googlenet", input, scaled(64, width), small(input) ? 3 : 7)
                .relu();
        if (!small(input)) {
            layers.maxPool(3, 2, 1);
        }
        layers.convNorm(scaled(64, width), 1, 1, 0)
                .relu()
                .convNorm(scaled(192, width), 3, 1, 1)
                .relu()
                .maxPool(3, 2, 1);
        int[][] inceptions = {
            {64, 96, 128, 16, 32, 32},
            {128, 128, 192, 32, 96, 64},
            {},
            {192, 96, 208, 16, 48, 64},
            {160, 112, 224, 24, 64, 64},
            {128, 128, 256, 24, 64, 64},
            {112, 144, 288, 32, 64, 64},
            {256, 160, 320, 32, 128, 128},
            {},
            {256, 160, 320, 32, 128, 128},
            {384, 192, 384, 48, 128, 128}
        };
        int number = 1;
        for (int[] c : inceptions) {
            if (c.length == 0) {
                layers.maxPool(3, 2, 1);
                continue;
            }
            layers.block(
                    "inception" + number++,
                    b -> b.concat(List.of(
                            one -> one.convNorm(scaled(c[0], width), 1, 1, 0).relu(),
                            three -> three.convNorm(scaled(c[1], width), 1, 1, 0)
                                    .relu()
                                    .convNorm(scaled(c[2], width), 3, 1, 1)
                                    .relu(),
                            five -> five.convNorm(scaled(c[3], width), 1, 1, 0)
                                    .relu()
                                    .convNorm(scaled(c[4], width), 3, 1, 1)
                                    .relu(),
                            pool -> pool.maxPool(3, 1, 1)
                                    .convNorm(scaled(c[5], width), 1, 1, 0)
                                    .relu())));
        }
        return layers.globalAveragePool().dropout(0.2).dense(classes);
    }

    /** RegNetX-400MF (Radosavovic et al. 2020): bottlenecks with grouped convolutions of 16 channels a group. */
    static ModelBuilder regnet(Shape input, int classes, double width) {
        ModelBuilder layers = stem("regnet", input, scaled(32, width), 3).relu();
        int[] widths = {32, 64, 160, 400};
        int[] depths = {1, 2, 7, 12};
        for (int stage = 0; stage < 4; stage++) {
            int groups = widths[stage] / 16;
            int channels = Math.toIntExact((long) scaled(16, width) * groups);
            for (int i = 0; i < depths[stage]; i++) {
                int stride = i > 0 || (stage == 0 && small(input)) ? 1 : 2;
                boolean first = i == 0;
                layers.block(
                        "stage" + (stage + 1) + "." + i,
                        block -> block.residual(
                                        branch -> branch.convNorm(channels, 1, 1, 0)
                                                .relu()
                                                .convNorm(channels, Window.square(3, stride, 1), groups)
                                                .relu()
                                                .convNorm(channels, 1, 1, 0),
                                        shortcut -> {
                                            if (first) {
                                                shortcut.convNorm(channels, 1, stride, 0);
                                            }
                                        })
                                .relu());
            }
        }
        return layers.globalAveragePool().dense(classes);
    }

    /** U-Net (Ronneberger et al. 2015) with padded convolutions and batch normalisation: a class for every pixel. */
    static ModelBuilder unet(Shape input, int classes, double width) {
        List<Integer> channels = new ArrayList<>();
        for (int level = 0; level < 4; level++) {
            channels.add(scaled(64 << level, width));
        }
        ModelBuilder layers = ModelBuilder.of("unet", input);
        level(layers, channels, 0);
        return layers.conv(classes, 1);
    }

    /** Two convolutions, and but for the deepest level all of the next level beside them. */
    private static void level(ModelBuilder layers, List<Integer> channels, int level) {
        layers.block("down" + level, down -> twice(down, channels.get(level)));
        if (level + 1 < channels.size()) {
            layers.join("skip", new Concat(1), List.of(skip -> {}, deep -> {
                deep.maxPool(2);
                level(deep, channels, level + 1);
                deep.upConv(channels.get(level));
            }));
            layers.block("up" + level, up -> twice(up, channels.get(level)));
        }
    }

    private static void twice(ModelBuilder layers, int channels) {
        layers.convNorm(channels, 3, 1, 1).relu().convNorm(channels, 3, 1, 1).relu();
    }
}
