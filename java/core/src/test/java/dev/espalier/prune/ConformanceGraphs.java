package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** All graphs that pruning must be right on: the small patterns, and every architecture in a small size. */
public final class ConformanceGraphs {
    /** Architectures whose results change by nature when channels go: they normalise over channels. */
    private static final Set<String> NORMALISED =
            Set.of("convnextTiny", "vitTiny", "mixer", "bertTiny", "ftTransformer");

    /** Architectures that need more channels than an eighth, so that the smallest layers have some to lose. */
    private static final Set<String> NARROW = Set.of(
            "kerasCnn",
            "resnet20",
            "resnet32",
            "resnet44",
            "resnet56",
            "resnet110",
            "resnet20a",
            "resnet56a",
            "densenet40",
            "mobilenetV2",
            "mobilenetV3",
            "efficientnetB0",
            "dsCnn",
            "shufflenetV2",
            "googlenet",
            "regnet",
            "vitTiny",
            "ftTransformer");

    /** Architectures that a ReLU silences altogether where a small one loses three quarters. */
    private static final Set<String> FULL = Set.of("lenet", "squeezenet");

    /** Architectures of the negative control, one of each kind. */
    private static final Set<String> CONTROLLED = Set.of(
            "kerasCnn",
            "resnet20",
            "vgg16bn",
            "densenet40",
            "mobilenetV2",
            "shufflenetV2",
            "unet",
            "biLstm",
            "wideAndDeep");

    private static final List<Double> RATIOS = List.of(0.25, 0.5, 0.75);

    private ConformanceGraphs() {}

    /** Arguments of a test: names, shares of channels that go, and seeds of masks and weights. */
    static Stream<Arguments> cases(Set<String> names, List<Double> ratios, int seeds) {
        return names.stream()
                .flatMap(name -> ratios.stream()
                        .flatMap(ratio -> IntStream.range(0, seeds).mapToObj(seed -> Arguments.of(name, ratio, seed))));
    }

    /** With one share and seed in every build, three of each where the property asks for the whole suite. */
    public static Stream<Arguments> cases(Set<String> names) {
        return isWhole() ? cases(names, RATIOS, 3) : cases(names, List.of(0.5), 1);
    }

    /** With every share, and one seed in every build. */
    static Stream<Arguments> casesOfAllRatios() {
        return cases(names(), RATIOS, isWhole() ? 3 : 1);
    }

    private static boolean isWhole() {
        return Boolean.getBoolean("espalier.conformance");
    }

    /** Names of all graphs, sorted by kind. */
    public static Set<String> names() {
        Set<String> names = new TreeSet<>(Models.names());
        names.addAll(patterns());
        return names;
    }

    /** The names of the small graphs. */
    static Set<String> patterns() {
        Set<String> names = new TreeSet<>(Networks.PATTERNS.keySet());
        Stream.of(Networks.INEXACT, HardNetworks.PATTERNS, HardNetworks.INEXACT, RuleNetworks.PATTERNS)
                .forEach(more -> names.addAll(more.keySet()));
        return names;
    }

    /** The graphs that the negative control runs on: all exact patterns and some architectures. */
    static Set<String> controls() {
        Set<String> names = new TreeSet<>(CONTROLLED);
        names.addAll(Networks.PATTERNS.keySet());
        names.addAll(HardNetworks.PATTERNS.keySet());
        names.addAll(RuleNetworks.PATTERNS.keySet());
        return names;
    }

    /** Whether removals change the results of this graph by nature. */
    public static boolean isInexact(String name) {
        return NORMALISED.contains(name)
                || Networks.INEXACT.containsKey(name)
                || HardNetworks.INEXACT.containsKey(name);
    }

    /** A fresh graph of this name. */
    public static Graph graph(String name) {
        Supplier<Graph> pattern = Stream.of(
                        Networks.PATTERNS,
                        Networks.INEXACT,
                        HardNetworks.PATTERNS,
                        HardNetworks.INEXACT,
                        RuleNetworks.PATTERNS)
                .filter(all -> all.containsKey(name))
                .map(all -> all.get(name))
                .findFirst()
                .orElse(null);
        if (pattern != null) {
            return pattern.get();
        }
        double width = FULL.contains(name) ? 1 : NARROW.contains(name) ? 0.25 : 0.125;
        return Models.layers(name, Models.exampleSample(name), 10, width).graph();
    }

    /** A graph with random weights, without this share of its channels, proved and cut; the same for the same seed. */
    public static Model compacted(String name, double ratio, int seed) {
        ChannelGroups groups = ChannelGroups.trace(graph(name));
        Mask mask = RandomModel.mask(groups, ratio, 7 + seed);
        try (Model model = RandomModel.calibrated(groups, mask, 3 + seed)) {
            return Compaction.compact(model, groups, mask).model();
        }
    }

    /** Inputs that a graph takes, in the open scope. */
    public static Map<String, Tensor> inputs(Graph graph, long seed) {
        return Samples.normal(graph, seed).get(0);
    }
}
