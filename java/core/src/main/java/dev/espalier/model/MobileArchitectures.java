package dev.espalier.model;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Clip;
import dev.espalier.op.HardSigmoid;
import dev.espalier.op.HardSwish;
import dev.espalier.op.ReduceMean;
import dev.espalier.op.Reshape;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Slice;
import dev.espalier.op.Transpose;
import dev.espalier.runtime.Shape;
import java.util.List;
import java.util.function.Consumer;

/** Layers of image classifiers made for small machines. */
final class MobileArchitectures {
    private MobileArchitectures() {}

    private static int scaled(int channels, double width) {
        return Models.scaled(channels, width);
    }

    /** A branch beside the value itself where both have one shape, else the branch alone. */
    private static void besideItself(ModelBuilder block, boolean sameShape, Consumer<ModelBuilder> branch) {
        if (sameShape) {
            block.residual(branch, shortcut -> {});
        } else {
            branch.accept(block);
        }
    }

    private static ModelBuilder clipped(ModelBuilder layers) {
        return layers.op("clip", new Clip(0, 6));
    }

    /** MobileNet (Howard et al. 2017): depthwise and pointwise convolutions in turn. */
    static ModelBuilder mobilenetV1(Shape input, int classes, double width) {
        ModelBuilder layers = ImageArchitectures.stem("mobilenetV1", input, scaled(32, width), 3)
                .relu();
        int[] channels = {64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024};
        int[] strides = {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};
        for (int i = 0; i < channels.length; i++) {
            layers.depthwiseNorm(3, strides[i])
                    .relu()
                    .convNorm(scaled(channels[i], width), 1, 1, 0)
                    .relu();
        }
        return layers.globalAveragePool().dense(classes);
    }

    /** MobileNetV2 (Sandler et al. 2018): inverted residuals with linear bottlenecks. */
    static ModelBuilder mobilenetV2(Shape input, int classes, double width) {
        ModelBuilder layers = clipped(ImageArchitectures.stem("mobilenetV2", input, scaled(32, width), 3));
        int[][] stages = {
            {1, 16, 1, 1}, {6, 24, 2, 1}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
        };
        for (int stage = 0; stage < stages.length; stage++) {
            int[] s = stages[stage];
            int out = scaled(s[1], width);
            for (int i = 0; i < s[2]; i++) {
                int stride = i > 0 ? 1 : stage == 1 && !ImageArchitectures.small(input) ? 2 : s[3];
                layers.block("stage" + (stage + 1) + "." + i, block -> {
                    int in = (int) block.shape().dim(0);
                    besideItself(block, stride == 1 && in == out, b -> {
                        if (s[0] > 1) {
                            clipped(b.convNorm(in * s[0], 1, 1, 0));
                        }
                        clipped(b.depthwiseNorm(3, stride)).convNorm(out, 1, 1, 0);
                    });
                });
            }
        }
        return clipped(layers.convNorm(scaled(1280, width), 1, 1, 0))
                .globalAveragePool()
                .dropout(0.2)
                .dense(classes);
    }

    /** MobileNetV3-Small (Howard et al. 2019): inverted residuals, some with squeeze and excitation, some with HardSwish. */
    static ModelBuilder mobilenetV3(Shape input, int classes, double width) {
        ModelBuilder layers = ImageArchitectures.stem("mobilenetV3", input, scaled(16, width), 3)
                .op("hard", new HardSwish());
        int[][] rows = {
            {3, 16, 16, 1, 0, 2},
            {3, 72, 24, 0, 0, 2},
            {3, 88, 24, 0, 0, 1},
            {5, 96, 40, 1, 1, 2},
            {5, 240, 40, 1, 1, 1},
            {5, 240, 40, 1, 1, 1},
            {5, 120, 48, 1, 1, 1},
            {5, 144, 48, 1, 1, 1},
            {5, 288, 96, 1, 1, 2},
            {5, 576, 96, 1, 1, 1},
            {5, 576, 96, 1, 1, 1}
        };
        for (int i = 0; i < rows.length; i++) {
            int[] row = rows[i];
            int stride = i == 0 && ImageArchitectures.small(input) ? 1 : row[5];
            layers.block("block" + (i + 1), block -> {
                int in = (int) block.shape().dim(0);
                int out = scaled(row[2], width);
                besideItself(block, stride == 1 && in == out, b -> {
                    if (row[1] != row[2]) {
                        activated(b.convNorm(scaled(row[1], width), 1, 1, 0), row[4] == 1);
                    }
                    activated(b.depthwiseNorm(row[0], stride), row[4] == 1);
                    if (row[3] == 1) {
                        int inner = eights((int) b.shape().dim(0) / 4);
                        b.gate(squeeze(inner, g -> g.op("open", new HardSigmoid(1 / 6f, 0.5f))));
                    }
                    b.convNorm(out, 1, 1, 0);
                });
            });
        }
        return layers.convNorm(scaled(576, width), 1, 1, 0)
                .op("hard", new HardSwish())
                .globalAveragePool()
                .dense(scaled(1024, width))
                .op("hard", new HardSwish())
                .dropout(0.2)
                .dense(classes);
    }

    /** A factor per channel from the channels' means (Hu et al. 2018), through a layer of {@code inner} channels. */
    private static Consumer<ModelBuilder> squeeze(int inner, Consumer<ModelBuilder> open) {
        return gate -> {
            int channels = (int) gate.shape().dim(0);
            gate.op("mean", new ReduceMean(Ints.of(2, 3), true, false))
                    .conv(inner, 1)
                    .relu()
                    .conv(channels, 1);
            open.accept(gate);
        };
    }

    /** The nearest multiple of 8, at least 8 and no more than a tenth below: the rule of the paper's code. */
    private static int eights(int channels) {
        int near = Math.max(8, (channels + 4) / 8 * 8);
        return near < 0.9 * channels ? near + 8 : near;
    }

    private static void activated(ModelBuilder layers, boolean hard) {
        if (hard) {
            layers.op("hard", new HardSwish());
        } else {
            layers.relu();
        }
    }

    /** EfficientNet-B0 (Tan and Le 2019): MBConv blocks with squeeze and excitation and SiLU. */
    static ModelBuilder efficientnetB0(Shape input, int classes, double width) {
        ModelBuilder layers = ImageArchitectures.stem("efficientnetB0", input, scaled(32, width), 3)
                .silu();
        int[][] stages = {
            {1, 3, 16, 1, 1},
            {6, 3, 24, 2, 2},
            {6, 5, 40, 2, 2},
            {6, 3, 80, 3, 2},
            {6, 5, 112, 3, 1},
            {6, 5, 192, 4, 2},
            {6, 3, 320, 1, 1}
        };
        for (int stage = 0; stage < stages.length; stage++) {
            int[] s = stages[stage];
            int out = scaled(s[2], width);
            for (int i = 0; i < s[3]; i++) {
                int stride = i > 0 || (stage == 1 && ImageArchitectures.small(input)) ? 1 : s[4];
                layers.block("stage" + (stage + 1) + "." + i, block -> {
                    int in = (int) block.shape().dim(0);
                    besideItself(block, stride == 1 && in == out, b -> {
                        if (s[0] > 1) {
                            b.convNorm(in * s[0], 1, 1, 0).silu();
                        }
                        b.depthwiseNorm(s[1], stride)
                                .silu()
                                .gate(squeeze(Math.max(1, in / 4), g -> g.op("open", new Sigmoid())))
                                .convNorm(out, 1, 1, 0);
                    });
                });
            }
        }
        return layers.convNorm(scaled(1280, width), 1, 1, 0)
                .silu()
                .globalAveragePool()
                .dropout(0.2)
                .dense(classes);
    }

    /** SqueezeNet 1.1 (Iandola et al. 2016): a squeezing 1x1 convolution, then 1x1 and 3x3 ones side by side. */
    static ModelBuilder squeezenet(Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of("squeezenet", input)
                .conv(scaled(64, width), 3, ImageArchitectures.small(input) ? 1 : 2, 1)
                .relu()
                .maxPool(3, 2, 1);
        int[][] fires = {{16, 64}, {16, 64}, {}, {32, 128}, {32, 128}, {}, {48, 192}, {48, 192}, {64, 256}, {64, 256}};
        int number = 2;
        for (int[] fire : fires) {
            if (fire.length == 0) {
                layers.maxPool(3, 2, 1);
                continue;
            }
            int wide = scaled(fire[1], width);
            layers.block(
                    "fire" + number++,
                    b -> b.conv(scaled(fire[0], width), 1)
                            .relu()
                            .concat(List.of(
                                    left -> left.conv(wide, 1).relu(),
                                    right -> right.conv(wide, 3, 1, 1).relu())));
        }
        return layers.dropout(0.5).conv(classes, 1).relu().globalAveragePool();
    }

    /** ShuffleNetV2 1x (Ma et al. 2018): half of the channels pass by, then the halves are shuffled. */
    static ModelBuilder shufflenetV2(Shape input, int classes, double width) {
        ModelBuilder layers = ImageArchitectures.stem("shufflenetV2", input, scaled(24, width), 3)
                .relu();
        if (!ImageArchitectures.small(input)) {
            layers.maxPool(3, 2, 1);
        }
        int[] halves = {58, 116, 232};
        int[] repeats = {4, 8, 4};
        for (int stage = 0; stage < 3; stage++) {
            int half = scaled(halves[stage], width);
            for (int i = 0; i < repeats[stage]; i++) {
                boolean first = i == 0;
                layers.block("stage" + (stage + 2) + "." + i, block -> {
                    List<Consumer<ModelBuilder>> sides = first
                            ? List.of(
                                    left -> left.depthwiseNorm(3, 2)
                                            .convNorm(half, 1, 1, 0)
                                            .relu(),
                                    right -> shuffled(right, half, 2))
                            : List.of(
                                    left -> left.op("left", Slice.of(1, 0, half)),
                                    right -> shuffled(right.op("right", Slice.of(1, half, 2L * half)), half, 1));
                    shuffle(block.concat(sides));
                });
            }
        }
        return layers.convNorm(scaled(1024, width), 1, 1, 0)
                .relu()
                .globalAveragePool()
                .dense(classes);
    }

    private static void shuffled(ModelBuilder layers, int half, int stride) {
        layers.convNorm(half, 1, 1, 0)
                .relu()
                .depthwiseNorm(3, stride)
                .convNorm(half, 1, 1, 0)
                .relu();
    }

    private static void shuffle(ModelBuilder layers) {
        Shape shape = layers.shape();
        layers.op("split", new Reshape(Ints.of(0, 2, shape.dim(0) / 2, shape.dim(1), shape.dim(2)), false))
                .op("swap", new Transpose(Ints.of(0, 2, 1, 3, 4)))
                .op("merged", new Reshape(Ints.of(0, shape.dim(0), shape.dim(1), shape.dim(2)), false));
    }
}
