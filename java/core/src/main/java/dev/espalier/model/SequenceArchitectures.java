package dev.espalier.model;

import dev.espalier.op.Add;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.AutoPad;
import dev.espalier.op.Flatten;
import dev.espalier.op.Gelu;
import dev.espalier.op.GlobalMaxPool;
import dev.espalier.op.ReduceMean;
import dev.espalier.op.Reduction;
import dev.espalier.op.Reshape;
import dev.espalier.op.Slice;
import dev.espalier.op.Tanh;
import dev.espalier.op.Transpose;
import dev.espalier.op.Window;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Layers of the better known classifiers of texts, sounds and tables. */
final class SequenceArchitectures {
    /** Words that the models of texts know. */
    static final int VOCABULARY = 8_000;

    /** Values that a category of a table may take. */
    private static final int CATEGORY = 32;

    private SequenceArchitectures() {}

    private static int scaled(int channels, double width) {
        return Models.scaled(channels, width);
    }

    /** Convolutions of three lengths over word vectors, each pooled to its maximum (Kim 2014). */
    static ModelBuilder textCnn(Shape input, int classes, double width) {
        int channels = scaled(128, width);
        List<Consumer<ModelBuilder>> lengths = List.of(3, 4, 5).stream()
                .<Consumer<ModelBuilder>>map(length -> branch -> branch.conv(channels, window(length), 1, true)
                        .relu()
                        .op("pool", new GlobalMaxPool())
                        .flatten())
                .toList();
        return ModelBuilder.tokens("textCnn", input.dim(0))
                .embedding(VOCABULARY, scaled(128, width))
                .op("turn", new Transpose(Ints.of(0, 2, 1)))
                .concat(lengths)
                .dropout(0.5)
                .dense(classes);
    }

    /** A window over one axis. */
    private static Window window(long length) {
        return new Window(Ints.of(length), Ints.of(1), Ints.of(0, 0), Ints.of(1), AutoPad.NOTSET, false);
    }

    /** Two layers of long short-term memory in both directions over word vectors, pooled to the maximum over time. */
    static ModelBuilder biLstm(Shape input, int classes, double width) {
        return ModelBuilder.tokens("biLstm", input.dim(0))
                .embedding(VOCABULARY, scaled(128, width))
                .lstm(scaled(128, width), true)
                .lstm(scaled(128, width), true)
                .op("maximum", new Reduction(Reduction.Kind.MAX, Ints.of(1), false, false))
                .dropout(0.5)
                .dense(classes);
    }

    /** A transformer encoder with the sizes of BERT-tiny (Turc et al. 2019): two layers of 128 channels, two heads. */
    static ModelBuilder bertTiny(Shape input, int classes, double width) {
        int heads = 2;
        int channels = heads * scaled(64, width);
        ModelBuilder layers = ModelBuilder.tokens("bertTiny", input.dim(0))
                .embedding(VOCABULARY, channels)
                .position()
                .layerNorm();
        for (int i = 0; i < 2; i++) {
            layers.block(
                    "layer" + (i + 1),
                    block -> block.residual(branch -> branch.attention(heads), shortcut -> {})
                            .layerNorm()
                            .residual(
                                    branch -> branch.project(4 * channels)
                                            .op("gelu", new Gelu(false))
                                            .project(channels),
                                    shortcut -> {})
                            .layerNorm());
        }
        return layers.op("first", Slice.of(1, 0, 1))
                .flatten()
                .dense(channels)
                .op("tanh", new Tanh())
                .dense(classes);
    }

    /** Depthwise separable convolutions over a spectrogram [1, bins, frames] (Zhang et al. 2017, DS-CNN small). */
    static ModelBuilder dsCnn(Shape input, int classes, double width) {
        int channels = scaled(64, width);
        ModelBuilder layers = ModelBuilder.of("dsCnn", input)
                .convNorm(channels, Window.square(5, 2, 2), 1)
                .relu();
        for (int i = 0; i < 4; i++) {
            layers.depthwiseNorm(3, 1).relu().convNorm(channels, 1, 1, 0).relu();
        }
        return layers.globalAveragePool().dropout(0.2).dense(classes);
    }

    /** Convolutions over a spectrogram [1, bins, frames], then gated recurrent units over time (Choi et al. 2017). */
    static ModelBuilder crnn(Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of("crnn", input);
        for (int channels : new int[] {32, 64, 64}) {
            layers.convNorm(scaled(channels, width), 3, 1, 1).relu().maxPool(2);
        }
        Shape shape = layers.shape();
        return layers.op("time", new Transpose(Ints.of(0, 3, 1, 2)))
                .op("rows", new Reshape(Ints.of(0, shape.dim(2), shape.dim(0) * shape.dim(1)), false))
                .gru(scaled(64, width), true)
                .op("mean", new ReduceMean(Ints.of(1), false, false))
                .dense(classes);
    }

    /**
     * Wide and deep (Cheng et al. 2016) over a table: numbers {@code input} [columns] and as many categories, whole numbers, in the second
     * input {@code categories}. The wide part is linear in the numbers, the deep part sees them beside vectors of the categories.
     */
    static ModelBuilder wideAndDeep(Shape input, int classes, double width) {
        return ModelBuilder.of("wideAndDeep", input)
                .join(
                        "sum",
                        new Add(),
                        List.of(
                                wide -> wide.dense(classes),
                                deep -> deep.concat(List.of(
                                                numbers -> {},
                                                categories -> categories
                                                        .input("categories", input, DType.I64)
                                                        .embedding(CATEGORY, scaled(16, width))
                                                        .op("flat", new Flatten(1))))
                                        .dense(scaled(128, width))
                                        .relu()
                                        .dense(scaled(64, width))
                                        .relu()
                                        .dense(classes)));
    }

    /** FT-Transformer (Gorishniy et al. 2021) over the numbers of a table: a vector for each column, then a transformer encoder. */
    static ModelBuilder ftTransformer(Shape input, int classes, double width) {
        int heads = 4;
        int channels = heads * scaled(16, width);
        int columns = (int) input.dim(0);
        ModelBuilder layers = ModelBuilder.of("ftTransformer", input)
                .op("column", new Reshape(Ints.of(0, columns, 1), false))
                .scale(channels)
                .position();
        IntStream.rangeClosed(1, 3)
                .forEach(i -> layers.block(
                        "layer" + i, block -> PatchArchitectures.transformer(block, heads, new Gelu(false))));
        return layers.op("mean", new ReduceMean(Ints.of(1), false, false))
                .op("rows", new Reshape(Ints.of(0, 1, channels), false))
                .layerNorm()
                .relu()
                .flatten()
                .dense(classes);
    }
}
