package dev.espalier.model;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.AutoPad;
import dev.espalier.op.GlobalMaxPool;
import dev.espalier.op.Transpose;
import dev.espalier.op.Window;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The part of a model that turns one input of it into features. */
public sealed interface Branch {
    /** The name of the input. */
    String input();

    /** The shape of one sample of the input. */
    Shape sample();

    /** The type of the input's elements. */
    default DType dtype() {
        return DType.F32;
    }

    /**
     * The shape of one sample of the input {@code <input>_present}, whose elements are 1 where the sample has a value and 0 where it has
     * none; of rank 0 if there is no such input.
     */
    default Shape presence() {
        return Shape.of(1);
    }

    /** Layers from the input to features [n, features]; {@code width} multiplies their channels. */
    ModelBuilder layers(ModelBuilder from, double width);

    /** The name of the input that says what is present. */
    static String present(String input) {
        return input + "_present";
    }

    /**
     * Images in 0..1, [channels, height, width]: a residual network of three stages with 16, 32 and 64 channels.
     *
     * @param blocks residual blocks per stage
     */
    record Image(String input, Shape sample, int blocks) implements Branch {
        @Override
        public ModelBuilder layers(ModelBuilder from, double width) {
            ModelBuilder layers =
                    from.norm().convNorm(Models.scaled(16, width), 3, 1, 1).relu();
            for (int stage = 0; stage < 3; stage++) {
                int channels = Models.scaled(16 << stage, width);
                for (int i = 0; i < blocks; i++) {
                    int stride = stage > 0 && i == 0 ? 2 : 1;
                    layers.block(
                            "stage" + (stage + 1) + "." + i, ResidualArchitectures.basicBlock(channels, stride, false));
                }
            }
            return layers.globalAveragePool();
        }
    }

    /** Log-mel pictures in 0..1, [bins, frames]: convolutions along time over all bins at once (Choi et al. 2019, TC-ResNet8). */
    record Sound(String input, Shape sample) implements Branch {
        private static final int LENGTH = 9;

        @Override
        public ModelBuilder layers(ModelBuilder from, double width) {
            ModelBuilder layers = from.norm()
                    .convNorm(Models.scaled(32, width), along(3, 1), 1)
                    .relu();
            for (int i = 0; i < 3; i++) {
                int channels = Models.scaled(48 + 16 * i, width);
                layers.block(
                        "block" + i,
                        block -> block.residual(
                                        branch -> branch.convNorm(channels, along(LENGTH, 2), 1)
                                                .relu()
                                                .convNorm(channels, along(LENGTH, 1), 1),
                                        shortcut -> shortcut.convNorm(channels, along(1, 2), 1))
                                .relu());
            }
            return layers.globalAveragePool();
        }

        private static Window along(long length, long stride) {
            long pad = length / 2;
            return new Window(Ints.of(length), Ints.of(stride), Ints.of(pad, pad), Ints.of(1), AutoPad.NOTSET, false);
        }
    }

    /**
     * Tokens of a text, whole numbers below {@code vocabulary}: the mean of their vectors, and convolutions of four lengths over them,
     * each pooled to its maximum (Kim 2014).
     */
    record Text(String input, int length, int vocabulary) implements Branch {
        /** Of single numbers of the vectors. */
        private static final double DROPOUT = 0.3;

        @Override
        public Shape sample() {
            return Shape.of(length);
        }

        @Override
        public DType dtype() {
            return DType.I64;
        }

        @Override
        public ModelBuilder layers(ModelBuilder from, double width) {
            List<Consumer<ModelBuilder>> views = new ArrayList<>(List.of(ModelBuilder::globalAveragePool));
            Stream.of(1, 2, 3, 4)
                    .filter(size -> size <= length)
                    .forEach(size -> views.add(branch -> branch.conv(Models.scaled(64, width), along(size), 1, true)
                            .relu()
                            .op("pool", new GlobalMaxPool())
                            .flatten()));
            return from.embedding(vocabulary, Models.scaled(64, width))
                    .dropout(DROPOUT)
                    .op("turn", new Transpose(Ints.of(0, 2, 1)))
                    .concat(views);
        }

        private static Window along(long words) {
            return new Window(Ints.of(words), Ints.of(1), Ints.of(0, 0), Ints.of(1), AutoPad.NOTSET, false);
        }
    }

    /** Numbers in 0..1 of a table, each of which may be missing by itself: two dense layers. */
    record Numbers(String input, int columns) implements Branch {
        @Override
        public Shape sample() {
            return Shape.of(columns);
        }

        @Override
        public Shape presence() {
            return Shape.of(columns);
        }

        @Override
        public ModelBuilder layers(ModelBuilder from, double width) {
            return from.dense(Models.scaled(64, width))
                    .relu()
                    .dense(Models.scaled(32, width))
                    .relu();
        }
    }

    /** A category, a whole number below {@code values}, of which one stands for a missing one: a vector for each. */
    record Category(String input, int values) implements Branch {
        @Override
        public Shape sample() {
            return Shape.of(1);
        }

        @Override
        public DType dtype() {
            return DType.I64;
        }

        @Override
        public Shape presence() {
            return Shape.of();
        }

        @Override
        public ModelBuilder layers(ModelBuilder from, double width) {
            return from.embedding(values, Models.scaled(8, width)).flatten();
        }
    }
}
