package dev.espalier.model;

import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Shape;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Ready-made classifiers. Each takes the shape of a sample, the number of classes and the seed of its initial weights; {@code width}
 * multiplies the channels of every hidden layer, which makes the small dense networks that pruned ones must be compared with.
 *
 * <p>Images are [channels, height, width], spectrograms [1, bins, frames], texts [words] as whole numbers below {@link #VOCABULARY},
 * tables [columns].
 */
public final class Models {
    /** Words that the models of texts know. */
    public static final int VOCABULARY = SequenceArchitectures.VOCABULARY;

    private static final Map<String, Layers> ARCHITECTURES = new TreeMap<>(architectures());

    private static Map<String, Layers> architectures() {
        return Map.ofEntries(
                Map.entry("kerasCnn", Models::kerasCnnLayers),
                Map.entry("lenet", ImageArchitectures::lenet),
                Map.entry(
                        "resnet20",
                        (in, n, width) -> ResidualArchitectures.cifarResnet("resnet20", 3, false, in, n, width)),
                Map.entry(
                        "resnet32",
                        (in, n, width) -> ResidualArchitectures.cifarResnet("resnet32", 5, false, in, n, width)),
                Map.entry(
                        "resnet44",
                        (in, n, width) -> ResidualArchitectures.cifarResnet("resnet44", 7, false, in, n, width)),
                Map.entry(
                        "resnet56",
                        (in, n, width) -> ResidualArchitectures.cifarResnet("resnet56", 9, false, in, n, width)),
                Map.entry(
                        "resnet110",
                        (in, n, width) -> ResidualArchitectures.cifarResnet("resnet110", 18, false, in, n, width)),
                Map.entry(
                        "resnet20a",
                        (in, n, width) -> ResidualArchitectures.cifarResnet("resnet20a", 3, true, in, n, width)),
                Map.entry(
                        "resnet56a",
                        (in, n, width) -> ResidualArchitectures.cifarResnet("resnet56a", 9, true, in, n, width)),
                Map.entry(
                        "resnet18",
                        (in, n, width) ->
                                ResidualArchitectures.basicResnet("resnet18", new int[] {2, 2, 2, 2}, in, n, width)),
                Map.entry(
                        "resnet34",
                        (in, n, width) ->
                                ResidualArchitectures.basicResnet("resnet34", new int[] {3, 4, 6, 3}, in, n, width)),
                Map.entry(
                        "resnet50",
                        (in, n, width) -> ResidualArchitectures.bottleneckResnet(
                                "resnet50", new int[] {3, 4, 6, 3}, in, n, width)),
                Map.entry("wrn16x4", (in, n, width) -> ResidualArchitectures.wideResnet("wrn16x4", 2, 4, in, n, width)),
                Map.entry(
                        "wrn28x10",
                        (in, n, width) -> ResidualArchitectures.wideResnet("wrn28x10", 4, 10, in, n, width)),
                Map.entry("vgg11bn", (in, n, width) -> vggBn("vgg11bn", new int[] {1, 1, 2, 2, 2}, in, n, width)),
                Map.entry("vgg16bn", (in, n, width) -> vggBn("vgg16bn", new int[] {2, 2, 3, 3, 3}, in, n, width)),
                Map.entry("vgg19bn", (in, n, width) -> vggBn("vgg19bn", new int[] {2, 2, 4, 4, 4}, in, n, width)),
                Map.entry(
                        "densenet40",
                        (in, n, width) -> ResidualArchitectures.densenet(
                                "densenet40", new int[] {12, 12, 12}, 12, false, in, n, width)),
                Map.entry(
                        "densenet121",
                        (in, n, width) -> ResidualArchitectures.densenet(
                                "densenet121", new int[] {6, 12, 24, 16}, 32, true, in, n, width)),
                Map.entry("mobilenetV1", MobileArchitectures::mobilenetV1),
                Map.entry("mobilenetV2", MobileArchitectures::mobilenetV2),
                Map.entry("mobilenetV3", MobileArchitectures::mobilenetV3),
                Map.entry("efficientnetB0", MobileArchitectures::efficientnetB0),
                Map.entry("squeezenet", MobileArchitectures::squeezenet),
                Map.entry("shufflenetV2", MobileArchitectures::shufflenetV2),
                Map.entry("googlenet", ImageArchitectures::googlenet),
                Map.entry("regnet", ImageArchitectures::regnet),
                Map.entry("convnextTiny", PatchArchitectures::convnextTiny),
                Map.entry("vitTiny", PatchArchitectures::vitTiny),
                Map.entry("mixer", PatchArchitectures::mixer),
                Map.entry("unet", ImageArchitectures::unet),
                Map.entry("textCnn", SequenceArchitectures::textCnn),
                Map.entry("biLstm", SequenceArchitectures::biLstm),
                Map.entry("bertTiny", SequenceArchitectures::bertTiny),
                Map.entry("dsCnn", SequenceArchitectures::dsCnn),
                Map.entry("crnn", SequenceArchitectures::crnn),
                Map.entry("wideAndDeep", SequenceArchitectures::wideAndDeep),
                Map.entry("ftTransformer", SequenceArchitectures::ftTransformer),
                Map.entry("mlp", (in, n, width) -> mlpLayers(in, n, List.of(256, 128), width)));
    }

    private interface Layers {
        ModelBuilder of(Shape input, int classes, double width);
    }

    private Models() {}

    /** Names that {@link #create} knows. */
    public static Set<String> names() {
        return Collections.unmodifiableSet(ARCHITECTURES.keySet());
    }

    /**
     * A shape of samples that an architecture takes: an image of 32 pixels a side, a spectrogram of 40 bins and 96 frames, a text of 32
     * words or a table of 16 columns.
     */
    public static Shape exampleSample(String name) {
        return switch (name) {
            case "textCnn", "biLstm", "bertTiny" -> Shape.of(32);
            case "wideAndDeep", "ftTransformer" -> Shape.of(16);
            case "dsCnn", "crnn" -> Shape.of(1, 40, 96);
            default -> Shape.of(3, 32, 32);
        };
    }

    /** The architecture of this name. */
    public static Model create(String name, Shape input, int classes, double width, long seed) {
        return layers(name, input, classes, width).build(seed);
    }

    /** As {@link #create}, not yet built: for the graph alone, or to go on with further layers. */
    public static ModelBuilder layers(String name, Shape input, int classes, double width) {
        Layers architecture = ARCHITECTURES.get(name);
        if (architecture == null) {
            throw new EspalierException("no architecture is named '" + name + "', expected one of " + names());
        }
        if (!(width > 0) || classes < 1) {
            throw new EspalierException("architecture '" + name
                    + "' needs a positive width and at least one class, got " + width + " and " + classes);
        }
        return architecture.of(input, classes, width);
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

    static int scaled(int channels, double width) {
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

    private static ModelBuilder vggBn(String name, int[] convolutions, Shape input, int classes, double width) {
        ModelBuilder layers = ModelBuilder.of(name, input);
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
