package dev.espalier.model;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Gelu;
import dev.espalier.op.ReduceMean;
import dev.espalier.op.Reshape;
import dev.espalier.op.Transpose;
import dev.espalier.op.Window;
import dev.espalier.runtime.Shape;

/** Layers of image classifiers that see an image as rows of patches, and normalise over channels. */
final class PatchArchitectures {
    private PatchArchitectures() {}

    private static int scaled(int channels, double width) {
        return Models.scaled(channels, width);
    }

    /** ConvNeXt-T (Liu et al. 2022): depthwise 7x7, layer normalisation over channels, a wide pair of dense layers. */
    static ModelBuilder convnextTiny(Shape input, int classes, double width) {
        int patch = ImageArchitectures.small(input) ? 2 : 4;
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
        int patch = ImageArchitectures.small(input) ? 4 : 16;
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
        ModelBuilder layers = patches("mixer", input, channels, ImageArchitectures.small(input) ? 4 : 16);
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
}
