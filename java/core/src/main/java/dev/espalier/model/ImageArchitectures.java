package dev.espalier.model;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Clip;
import dev.espalier.op.Concat;
import dev.espalier.op.Gelu;
import dev.espalier.op.HardSigmoid;
import dev.espalier.op.HardSwish;
import dev.espalier.op.Pad;
import dev.espalier.op.ReduceMean;
import dev.espalier.op.Reshape;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Slice;
import dev.espalier.op.Transpose;
import dev.espalier.op.Window;
import dev.espalier.runtime.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

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

    private static boolean small(Shape input) {
        return input.dim(1) <= SMALL;
    }

    /** Adds a stem with stride 2 for larger images, 1 for small ones. */
    private static ModelBuilder stem(String name, Shape input, int channels, int kernel) {
        int stride = small(input) ? 1 : 2;
        return ModelBuilder.of(name, input).convNorm(channels, kernel, stride, kernel / 2);
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

    /** A CIFAR ResNet with shortcuts that drop every second pixel and pad with zero channels (He et al. 2016, option A). */
    static ModelBuilder cifarResnetA(String name, int blocks, Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of(name, input)
                .convNorm(scaled(16, width), 3, 1, 1)
                .relu();
        for (int stage = 0; stage < 3; stage++) {
            int channels = scaled(16 << stage, width);
            for (int i = 0; i < blocks; i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                layers.block("stage" + (stage + 1) + "." + i, block -> {
                    long more = channels - block.shape().dim(0);
                    long before = more / 2;
                    block.residual(
                                    branch -> branch.convNorm(channels, 3, stride, 1)
                                            .relu()
                                            .convNorm(channels, 3, 1, 1),
                                    shortcut -> {
                                        if (stride > 1) {
                                            shortcut.op("thin", everySecond());
                                        }
                                        if (more > 0) {
                                            Ints pads = Ints.of(0, before, 0, 0, 0, more - before, 0, 0);
                                            shortcut.op("wide", new Pad(pads, 0, Ints.NONE));
                                        }
                                    })
                            .relu();
                });
            }
        }
        return layers.globalAveragePool().dense(classes);
    }

    private static Slice everySecond() {
        return new Slice(Ints.of(0, 0), Ints.of(Integer.MAX_VALUE, Integer.MAX_VALUE), Ints.of(2, 3), Ints.of(2, 2));
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
        ModelBuilder layers =
                stem(name, input, scaled(64, width), small(input) ? 3 : 7).relu();
        if (!small(input)) {
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
        if (small(input)) {
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

    /** MobileNet (Howard et al. 2017): depthwise and pointwise convolutions in turn. */
    static ModelBuilder mobilenetV1(Shape input, int classes, double width) {
        ModelBuilder layers = stem("mobilenetV1", input, scaled(32, width), 3).relu();
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
        ModelBuilder layers = clipped(stem("mobilenetV2", input, scaled(32, width), 3));
        int[][] stages = {
            {1, 16, 1, 1}, {6, 24, 2, 1}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
        };
        for (int stage = 0; stage < stages.length; stage++) {
            int[] s = stages[stage];
            int out = scaled(s[1], width);
            for (int i = 0; i < s[2]; i++) {
                int stride = i > 0 ? 1 : stage == 1 && !small(input) ? 2 : s[3];
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
        ModelBuilder layers = stem("mobilenetV3", input, scaled(16, width), 3).op("hard", new HardSwish());
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
            int stride = i == 0 && small(input) ? 1 : row[5];
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

    /** EfficientNet-B0 (Tan and Le 2019): MBConv blocks with squeeze and excitation and SiLU. */
    static ModelBuilder efficientnetB0(Shape input, int classes, double width) {
        ModelBuilder layers =
                stem("efficientnetB0", input, scaled(32, width), 3).silu();
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
                int stride = i > 0 || (stage == 1 && small(input)) ? 1 : s[4];
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
                .conv(scaled(64, width), 3, small(input) ? 1 : 2, 1)
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
        ModelBuilder layers = stem("shufflenetV2", input, scaled(24, width), 3).relu();
        if (!small(input)) {
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

    /** ConvNeXt-T (Liu et al. 2022): depthwise 7x7, layer normalisation over channels, a wide pair of dense layers. */
    static ModelBuilder convnextTiny(Shape input, int classes, double width) {
        int patch = small(input) ? 2 : 4;
        ModelBuilder layers = ModelBuilder.of("convnextTiny", input)
                .conv(scaled(96, width), Window.square(patch, patch, 0), 1, true)
                .op("last", new Transpose(Ints.of(0, 2, 3, 1)))
                .layerNorm();
        int[] depths = {3, 3, 9, 3};
        for (int stage = 0; stage < 4; stage++) {
            int channels = scaled(96 << stage, width);
            if (stage > 0) {
                layers.block(
                        "down" + stage,
                        down -> down.layerNorm()
                                .op("first", new Transpose(Ints.of(0, 3, 1, 2)))
                                .conv(channels, Window.square(2, 2, 0), 1, true)
                                .op("last", new Transpose(Ints.of(0, 2, 3, 1))));
            }
            for (int i = 0; i < depths[stage]; i++) {
                layers.block(
                        "stage" + (stage + 1) + "." + i,
                        block -> block.residual(
                                branch -> branch.op("first", new Transpose(Ints.of(0, 3, 1, 2)))
                                        .conv(channels, Window.square(7, 1, 3), channels, true)
                                        .op("last", new Transpose(Ints.of(0, 2, 3, 1)))
                                        .layerNorm()
                                        .project(4 * channels)
                                        .op("gelu", new Gelu(false))
                                        .project(channels),
                                shortcut -> {}));
            }
        }
        return layers.op("mean", new ReduceMean(Ints.of(1, 2), false, false))
                .layerNorm()
                .dense(classes);
    }

    /** A vision transformer (Dosovitskiy et al. 2021) with the sizes of DeiT-Ti; the mean over patches stands for the class token. */
    static ModelBuilder vitTiny(Shape input, int classes, double width) {
        int patch = small(input) ? 4 : 16;
        int heads = 3;
        int channels = heads * scaled(64, width);
        ModelBuilder layers = patches("vitTiny", input, channels, patch).position();
        for (int i = 0; i < 12; i++) {
            layers.block("block" + (i + 1), block -> transformer(block, heads, new Gelu(false)));
        }
        return layers.layerNorm()
                .op("mean", new ReduceMean(Ints.of(1), false, false))
                .dense(classes);
    }

    /** [batch, channels, height, width] as [batch, patches, {@code width}]. */
    private static ModelBuilder patches(String name, Shape input, int channels, int patch) {
        ModelBuilder layers = ModelBuilder.of(name, input).conv(channels, Window.square(patch, patch, 0), 1, true);
        return layers.op("rows", new Reshape(Ints.of(0, channels, -1), false))
                .op("last", new Transpose(Ints.of(0, 2, 1)));
    }

    /** Attention and a dense pair, each beside a shortcut and normalised first. */
    static void transformer(ModelBuilder block, int heads, Gelu gelu) {
        int channels = (int) block.shape().dim(1);
        block.residual(branch -> branch.layerNorm().attention(heads), shortcut -> {})
                .residual(
                        branch -> branch.layerNorm()
                                .project(4 * channels)
                                .op("gelu", gelu)
                                .project(channels),
                        shortcut -> {});
    }

    /** MLP-Mixer (Tolstikhin et al. 2021), eight layers of 256 channels. */
    static ModelBuilder mixer(Shape input, int classes, double width) {
        int channels = scaled(256, width);
        ModelBuilder layers = patches("mixer", input, channels, small(input) ? 4 : 16);
        int tokens = (int) layers.shape().dim(0);
        int inner = scaled(128, width);
        int outer = scaled(1024, width);
        for (int i = 0; i < 8; i++) {
            layers.block(
                    "block" + (i + 1),
                    block -> block.residual(
                                    branch -> branch.layerNorm()
                                            .op("turn", new Transpose(Ints.of(0, 2, 1)))
                                            .project(inner)
                                            .op("gelu", new Gelu(false))
                                            .project(tokens)
                                            .op("back", new Transpose(Ints.of(0, 2, 1))),
                                    shortcut -> {})
                            .residual(
                                    branch -> branch.layerNorm()
                                            .project(outer)
                                            .op("gelu", new Gelu(false))
                                            .project(channels),
                                    shortcut -> {}));
        }
        return layers.layerNorm()
                .op("mean", new ReduceMean(Ints.of(1), false, false))
                .dense(classes);
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
