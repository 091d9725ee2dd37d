package dev.espalier.model;

import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Shape;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Ready-made image classifiers. Each takes the shape of a sample [channels, height, width], the number of classes and the seed
 * of its initial weights; {@code width} multiplies the channels of every hidden layer, which makes the small dense networks that
 * pruned ones must be compared with.
 */
public final class Models {
    private static final Map<String, Architecture> ARCHITECTURES = new TreeMap<>(Map.of(
            "kerasCnn",
            Models::kerasCnnLayers,
            "resnet20",
            (input, classes, width) -> cifarResnet("resnet20", 3, input, classes, width),
            "resnet56",
            (input, classes, width) -> cifarResnet("resnet56", 9, input, classes, width),
            "resnet18",
            Models::resnet18Layers,
            "vgg16bn",
            Models::vgg16bnLayers,
            "mlp",
            (input, classes, width) -> mlpLayers(input, classes, List.of(256, 128), width)));

    private interface Architecture {
        ModelBuilder layers(Shape input, int classes, double width);
    }

    private Models() {}

    /** Names that {@link #create} knows. */
    public static Set<String> names() {
        return Collections.unmodifiableSet(ARCHITECTURES.keySet());
    }

    /** The architecture of this name. */
    public static Model create(String name, Shape input, int classes, double width, long seed) {
        return layers(name, input, classes, width).build(seed);
    }

    /** As {@link #create}, not yet built: for the graph alone, or to go on with further layers. */
    public static ModelBuilder layers(String name, Shape input, int classes, double width) {
        Architecture architecture = ARCHITECTURES.get(name);
        if (architecture == null) {
            throw new EspalierException("no architecture is named '" + name + "', expected one of " + names());
        }
        if (!(width > 0) || classes < 1) {
            throw new EspalierException("architecture '" + name
                    + "' needs a positive width and at least one class, got " + width + " and " + classes);
        }
        return architecture.layers(input, classes, width);
    }

    /** Conv32-Pool-Conv64-Pool-Dense64-Dropout-Dense, the classic first network of Keras users; convolutions without padding. */
    public static Model kerasCnn(Shape input, int classes, long seed) {
        return create("kerasCnn", input, classes, 1, seed);
    }

    /** ResNet-20 for small images (He et al. 2016, section 4.2), with projections where the shape changes. */
    public static Model resnet20(Shape input, int classes, long seed) {
        return create("resnet20", input, classes, 1, seed);
    }

    /** ResNet-56 for small images (He et al. 2016, section 4.2), with projections where the shape changes. */
    public static Model resnet56(Shape input, int classes, long seed) {
        return create("resnet56", input, classes, 1, seed);
    }

    /** ResNet-18 (He et al. 2016); images of at most 64 pixels skip the stem's stride and pooling. */
    public static Model resnet18(Shape input, int classes, long seed) {
        return create("resnet18", input, classes, 1, seed);
    }

    /**
     * VGG-16 with batch normalisation (Simonyan and Zisserman 2015). Images under 128 pixels get one dense layer after the
     * convolutions, larger ones the two hidden layers of 4096 units.
     */
    public static Model vgg16bn(Shape input, int classes, long seed) {
        return create("vgg16bn", input, classes, 1, seed);
    }

    /** Dense layers with ReLU between; any shape of sample is flattened first. */
    public static Model mlp(Shape input, int classes, List<Integer> hidden, long seed) {
        return mlpLayers(input, classes, hidden, 1).build(seed);
    }

    private static int scaled(int channels, double width) {
        return (int) Math.max(1, Math.round(channels * width));
    }

    private static ModelBuilder kerasCnnLayers(Shape input, int classes, double width) {
        return ModelBuilder.of("kerasCnn", input)
                .conv(scaled(32, width), 3)
                .relu()
                .maxPool(2)
                .conv(scaled(64, width), 3)
                .relu()
                .maxPool(2)
                .flatten()
                .dense(scaled(64, width))
                .relu()
                .dropout(0.5)
                .dense(classes);
    }

    private static ModelBuilder mlpLayers(Shape input, int classes, List<Integer> hidden, double width) {
        ModelBuilder layers = ModelBuilder.of("mlp", input);
        if (input.rank() > 1) {
            layers.flatten();
        }
        hidden.forEach(units -> layers.dense(scaled(units, width)).relu());
        return layers.dense(classes);
    }

    /** Three stages of {@code blocks} residual blocks with 16, 32 and 64 channels. */
    private static ModelBuilder cifarResnet(String name, int blocks, Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of(name, input)
                .convNorm(scaled(16, width), 3, 1, 1)
                .relu();
        for (int stage = 0; stage < 3; stage++) {
            int channels = scaled(16 << stage, width);
            for (int i = 0; i < blocks; i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                layers.block("stage" + (stage + 1) + "." + i, basicBlock(channels, stride));
            }
        }
        return layers.globalAveragePool().dense(classes);
    }

    /** Two 3x3 convolutions beside a shortcut, which is a 1x1 projection where the shape changes (option B of the paper). */
    private static Consumer<ModelBuilder> basicBlock(int channels, int stride) {
        return layers -> {
            boolean sameShape = stride == 1 && layers.shape().dim(0) == channels;
            Consumer<ModelBuilder> projection = shortcut -> shortcut.convNorm(channels, 1, stride, 0);
            layers.residual(
                            branch -> branch.convNorm(channels, 3, stride, 1)
                                    .relu()
                                    .convNorm(channels, 3, 1, 1),
                            sameShape ? shortcut -> {} : projection)
                    .relu();
        };
    }

    private static ModelBuilder resnet18Layers(Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of("resnet18", input);
        if (input.dim(1) <= 64) {
            layers.convNorm(scaled(64, width), 3, 1, 1).relu();
        } else {
            layers.convNorm(scaled(64, width), 7, 2, 3).relu().maxPool(3, 2, 1);
        }
        for (int stage = 0; stage < 4; stage++) {
            int channels = scaled(64 << stage, width);
            layers.block("stage" + (stage + 1) + ".0", basicBlock(channels, stage == 0 ? 1 : 2));
            layers.block("stage" + (stage + 1) + ".1", basicBlock(channels, 1));
        }
        return layers.globalAveragePool().dense(classes);
    }

    private static ModelBuilder vgg16bnLayers(Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of("vgg16bn", input);
        int[] convolutions = {2, 2, 3, 3, 3};
        for (int stage = 0; stage < convolutions.length; stage++) {
            int channels = scaled(Math.min(64 << stage, 512), width);
            for (int i = 0; i < convolutions[stage]; i++) {
                layers.convNorm(channels, 3, 1, 1).relu();
            }
            layers.maxPool(2);
        }
        if (input.dim(1) < 128) {
            return layers.globalAveragePool().dense(classes);
        }
        int hidden = scaled(4096, width);
        return layers.flatten()
                .dense(hidden)
                .relu()
                .dropout(0.5)
                .dense(hidden)
                .relu()
                .dropout(0.5)
                .dense(classes);
    }
}
