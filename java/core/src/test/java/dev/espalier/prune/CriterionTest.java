package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.prune.Budget.Of;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scores of every criterion against their formulas in plain Java. */
@NoLeaks
class CriterionTest {
    /** An inner group, a residual one, one without normalisation. */
    private final Graph graph = ModelBuilder.of("small", Shape.of(2, 6, 6))
            .convNorm(4, 3, 1, 1)
            .relu()
            .residual(b -> b.convNorm(3, 3, 1, 1).relu().convNorm(4, 1, 1, 0), s -> {})
            .relu()
            .flatten()
            .dense(5)
            .relu()
            .dense(3)
            .graph();

    private final ChannelGroups groups = ChannelGroups.trace(graph);
    private Scope scope;
    private Model model;
    private Evidence evidence;

    @BeforeEach
    void open() {
        model = RandomModel.of(graph, 5);
        scope = Scope.open();
        evidence = Evidence.ofWeights(model.weights().asMap());
        for (Measure measure : Measure.values()) {
            Map<String, Tensor> measured = new HashMap<>();
            try (Model other = RandomModel.of(graph, measure.name().length())) {
                other.weights().asMap().forEach((name, tensor) -> measured.put(name, tensor.sub(0.1)));
            }
            groups.groups().forEach(g -> measured.put(g.id(), RandomScores.draw(3, g.id(), g.channels())));
            measured.keySet()
                    .removeIf(name -> measure.isByGroup() == graph.parameters().containsKey(name));
            evidence = evidence.with(measure, measured);
        }
    }

    @AfterEach
    void close() {
        scope.close();
        model.close();
    }

    private static Policy policy(Ranking ranking, Pattern pattern) {
        Of ofChannels = ranking.normalisation() == Normalisation.COST ? Of.MACS : Of.CHANNELS;
        Of of = pattern == Pattern.ELEMENT ? Of.SPARSITY : ofChannels;
        return new Policy(ranking, pattern, Budget.of(0.5, of), Spared.NOTHING, 0);
    }

    private static Policy policy(Criterion criterion, Pattern pattern) {
        return policy(Ranking.of(criterion, ScoreScope.LOCAL), pattern);
    }

    private List<float[]> channelScores(Ranking ranking) {
        return new ChannelScores(graph, policy(ranking, Pattern.CHANNEL), evidence)
                .of(groups.prunable(), Mask.all()).stream()
                        .map(Tensor::toFloatArray)
                        .toList();
    }

    /** All values at the places of a channel, a list per place, in a fixed order. */
    private List<List<Double>> places(Map<String, Tensor> tensors, ChannelGroup group, int channel) {
        List<List<Double>> places = new ArrayList<>();
        for (Member member : group.members()) {
            if (!graph.isStatistic(member.parameter())) {
                Tensor tensor = tensors.getOrDefault(member.parameter(), Tensor.scalar(0));
                float[] flat = tensor.toFloatArray();
                int inner = 1;
                for (int axis = member.axis() + 1; axis < tensor.rank(); axis++) {
                    inner *= (int) tensor.size(axis);
                }
                int size = (int) tensor.size(member.axis());
                Set<Integer> own = new HashSet<>();
                Arrays.stream(member.indices().of(channel)).forEach(own::add);
                List<Double> values = new ArrayList<>();
                for (int i = 0; i < flat.length; i++) {
                    if (own.contains(i / inner % size)) {
                        values.add((double) flat[i]);
                    }
                }
                places.add(values);
            }
        }
        return places;
    }

    private List<Double> all(Map<String, Tensor> tensors, ChannelGroup group, int channel) {
        return places(tensors, group, channel).stream().flatMap(List::stream).toList();
    }

    private Map<String, Tensor> measured(Measure measure) {
        return evidence.measured().getOrDefault(measure, Map.of());
    }

    private interface Formula {
        double of(double weight, double measured);
    }

    private double sum(Measure measure, ChannelGroup group, int channel, Formula formula) {
        List<Double> w = all(evidence.weights(), group, channel);
        List<Double> m = all(measured(measure), group, channel);
        return IntStream.range(0, w.size())
                .mapToDouble(i -> formula.of(w.get(i), m.get(i)))
                .sum();
    }

    private double expected(Criterion criterion, ChannelGroup group, int channel) {
        List<Double> w = all(evidence.weights(), group, channel);
        DoubleStream magnitudes = w.stream().mapToDouble(Math::abs);
        return switch (criterion) {
            case L1 -> magnitudes.average().orElseThrow();
            case L2 -> Math.sqrt(magnitudes.map(x -> x * x).average().orElseThrow());
            case LINF -> magnitudes.max().orElseThrow();
            case FPGM ->
                IntStream.range(0, group.channels())
                        .mapToDouble(other -> {
                            List<Double> v = all(evidence.weights(), group, other);
                            return Math.sqrt(IntStream.range(0, w.size())
                                    .mapToDouble(i -> (w.get(i) - v.get(i)) * (w.get(i) - v.get(i)))
                                    .average()
                                    .orElseThrow());
                        })
                        .average()
                        .orElseThrow();
            case GRADIENT -> sum(Measure.GRADIENTS, group, channel, (x, g) -> Math.abs(g)) / w.size();
            case SIGNED_GRADIENT -> sum(Measure.GRADIENTS, group, channel, (x, g) -> Math.max(g, 0)) / w.size();
            case TAYLOR -> sum(Measure.GRADIENTS, group, channel, (x, g) -> Math.abs(x * g));
            case SNIP -> sum(Measure.GRADIENTS, group, channel, (x, g) -> Math.abs(x * g)) / sensitivity();
            case FISHER -> sum(Measure.SQUARED_GRADIENTS, group, channel, (x, h) -> 0.5 * h * x * x);
            case MOVEMENT -> sum(Measure.GRADIENTS, group, channel, (x, g) -> -x * g);
            case GRASP -> sum(Measure.HESSIAN_GRADIENTS, group, channel, (x, h) -> x * h);
            case SYNFLOW -> sum(Measure.FLOW_GRADIENTS, group, channel, (x, r) -> Math.abs(x) * r);
            case WANDA -> sum(Measure.INPUT_NORMS, group, channel, (x, n) -> Math.abs(x) * n) / w.size();
            case APOZ, ACTIVATION, HRANK, RANDOM ->
                RandomScores.draw(criterion == Criterion.RANDOM ? 0 : 3, group.id(), group.channels())
                        .toFloatArray()[channel];
            case LAMP, BN_SCALE, BLOCK_INFLUENCE -> throw new IllegalArgumentException(criterion.toString());
        };
    }

    /** The sum of |weight * gradient| over all parameters that prunable groups hold. */
    private double sensitivity() {
        double sum = 0;
        for (String name : groups.affected()) {
            if (!graph.isStatistic(name)) {
                float[] w = evidence.weight(name).toFloatArray();
                float[] g = evidence.of(Measure.GRADIENTS, name).toFloatArray();
                for (int i = 0; i < w.length; i++) {
                    sum += Math.abs((double) w[i] * g[i]);
                }
            }
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource(
            value = Criterion.class,
            names = {"LAMP", "BN_SCALE", "BLOCK_INFLUENCE"},
            mode = EnumSource.Mode.EXCLUDE)
    void channelsScoreByTheFormula(Criterion criterion) {
        List<float[]> scores = channelScores(Ranking.of(criterion, ScoreScope.LOCAL));
        assertThat(scores).hasSizeGreaterThan(1);
        for (int i = 0; i < scores.size(); i++) {
            ChannelGroup group = groups.prunable().get(i);
            for (int c = 0; c < group.channels(); c++) {
                double expected = expected(criterion, group, c);
                assertThat((double) scores.get(i)[c])
                        .as(group.id() + " channel " + c)
                        .isCloseTo(expected, within(1e-5 * Math.max(1, Math.abs(expected))));
            }
        }
    }

    @Test
    void normalisationScalesScoreTheGroupsThatHaveOne() {
        for (ChannelGroup group : ChannelGroups.trace(graph, Set.of("dense1")).prunable()) {
            List<String> scales = group.members().stream()
                    .map(Member::parameter)
                    .filter(p -> p.endsWith(".scale"))
                    .toList();
            float[] scores = new ChannelScores(graph, policy(Criterion.BN_SCALE, Pattern.CHANNEL), evidence)
                    .of(List.of(group), Mask.all())
                    .get(0)
                    .toFloatArray();
            assertThat(scales).isNotEmpty();
            for (int c = 0; c < scores.length; c++) {
                int channel = c;
                double mean = scales.stream()
                        .mapToDouble(p -> Math.abs(evidence.weight(p).toFloatArray()[channel]))
                        .average()
                        .orElseThrow();
                assertThat((double) scores[c]).isCloseTo(mean, within(1e-6));
            }
        }
        Pruner all = new Pruner(graph, policy(Criterion.BN_SCALE, Pattern.CHANNEL));
        assertThatThrownBy(() -> all.next(Mask.all(), evidence))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("group 'dense1': no batch normalisation belongs to it");
    }

    private Map<String, float[]> elementScores(Criterion criterion) {
        List<String> parameters = ElementStep.eligible(graph, Set.of());
        List<Tensor> scores = new ElementScores(policy(criterion, Pattern.ELEMENT), evidence).of(parameters);
        Map<String, float[]> byName = new HashMap<>();
        IntStream.range(0, scores.size())
                .forEach(i -> byName.put(parameters.get(i), scores.get(i).toFloatArray()));
        return byName;
    }

    private ToDoubleFunction<Integer> product(Criterion criterion, String name, double sum) {
        float[] w = evidence.weight(name).toFloatArray();
        float[] m = criterion
                .measure()
                .map(measure -> evidence.of(measure, name).toFloatArray())
                .orElse(w);
        return i -> switch (criterion) {
            case L1, L2, LINF -> Math.abs(w[i]);
            case GRADIENT -> Math.abs(m[i]);
            case SIGNED_GRADIENT -> m[i];
            case TAYLOR -> Math.abs((double) w[i] * m[i]);
            case SNIP -> Math.abs((double) w[i] * m[i]) / sum;
            case FISHER -> 0.5 * m[i] * w[i] * w[i];
            case MOVEMENT -> -(double) w[i] * m[i];
            case GRASP -> (double) w[i] * m[i];
            case SYNFLOW, WANDA -> Math.abs((double) w[i]) * m[i];
            case LAMP -> {
                double larger = 0;
                for (float other : w) {
                    larger += Math.abs(other) >= Math.abs(w[i]) ? (double) other * other : 0;
                }
                yield (double) w[i] * w[i] / larger;
            }
            default -> throw new IllegalArgumentException(criterion.toString());
        };
    }

    @ParameterizedTest
    @EnumSource(
            value = Criterion.class,
            names = {"BN_SCALE", "FPGM", "APOZ", "ACTIVATION", "HRANK", "RANDOM", "BLOCK_INFLUENCE"},
            mode = EnumSource.Mode.EXCLUDE)
    void singleWeightsScoreByTheFormula(Criterion criterion) {
        Map<String, float[]> scores = elementScores(criterion);
        double sum = scores.keySet().stream()
                .mapToDouble(name -> {
                    ToDoubleFunction<Integer> taylor = product(Criterion.TAYLOR, name, 1);
                    return IntStream.range(0, (int) evidence.weight(name).numel())
                            .mapToDouble(taylor::applyAsDouble)
                            .sum();
                })
                .sum();
        assertThat(scores).hasSize(5);
        scores.forEach((name, got) -> {
            ToDoubleFunction<Integer> formula = product(criterion, name, sum);
            for (int i = 0; i < got.length; i++) {
                double expected = formula.applyAsDouble(i);
                assertThat((double) got[i]).as(name + " " + i).isCloseTo(expected, within(1e-6));
            }
        });
    }

    @Test
    void lampGivesEqualWeightsEqualScoresAndZerosNone() {
        Tensor weights = Tensor.of(new float[] {0, 2, -2, 1, -4, 0}, 2, 3);
        // Squares 0 4 4 1 16 0: the sums of those not smaller are 25 for 1, 24 for 4, 16 for 16.
        assertThat(Lamp.scores(weights, weights).toFloatArray())
                .containsExactly(0, (float) (4 / 24.0), (float) (4 / 24.0), (float) (1 / 25.0), 1, 0);
        Tensor zeros = Tensor.of(new float[3], 3);
        assertThat(Lamp.scores(zeros, zeros).toFloatArray()).containsExactly(0, 0, 0);
    }

    @Test
    void equalFiltersAreTheMostReplaceable() {
        ChannelGroup group = groups.prunable().stream()
                .filter(g -> g.producers().size() == 1)
                .findFirst()
                .orElseThrow();
        for (Member member : group.members()) {
            Tensor weight = evidence.weight(member.parameter());
            int first = member.indices().at(0, 0);
            int second = member.indices().at(1, 0);
            weight.narrow(member.axis(), second, 1).copyInPlace(weight.narrow(member.axis(), first, 1));
        }
        float[] scores = new ChannelScores(graph, policy(Criterion.FPGM, Pattern.CHANNEL), evidence)
                .of(List.of(group), Mask.all())
                .get(0)
                .toFloatArray();
        assertThat(scores[0]).isEqualTo(scores[1]).isLessThan(scores[2]);
    }

    @Test
    void groupsWithoutAnySignalScoreZeroUnderEveryNormalisation() {
        evidence.weights().values().forEach(Tensor::zeroInPlace);
        for (Normalisation normalisation : Normalisation.values()) {
            Ranking ranking = new Ranking(Criterion.L2, Aggregation.SUM, normalisation, ScoreScope.GLOBAL);
            channelScores(ranking).forEach(s -> assertThat(s).containsOnly(0));
        }
    }

    @Test
    void criteriaRefuseWhatTheyCannotScoreAndNumbersThatAreNotFinite() {
        assertThatThrownBy(() -> policy(Criterion.FPGM, Pattern.ELEMENT))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("FPGM cannot score single weights");
        assertThatThrownBy(() -> policy(Criterion.LAMP, Pattern.CHANNEL)).hasMessageContaining("choose L2");
        assertThatThrownBy(() -> new Ranking(Criterion.MOVEMENT, Aggregation.SUM, Normalisation.LAMP, ScoreScope.LOCAL))
                .hasMessageContaining("have a sign");
        evidence.of(Measure.SQUARED_GRADIENTS, "conv1.weight").mulInPlace(Double.NaN);
        for (Pattern pattern : List.of(Pattern.ELEMENT, Pattern.CHANNEL)) {
            assertThatThrownBy(() -> new Pruner(graph, policy(Criterion.FISHER, pattern)).next(Mask.all(), evidence))
                    .hasMessageContaining("squared gradient of 'conv1.weight' holds a number that is not finite");
        }
        Evidence bare = Evidence.ofWeights(evidence.weights());
        assertThatThrownBy(() -> new Pruner(graph, policy(Criterion.APOZ, Pattern.CHANNEL)).next(Mask.all(), bare))
                .hasMessageContaining("no share of nonzero activations of");
    }

    @ParameterizedTest
    @EnumSource(
            value = Aggregation.class,
            names = {"SUM", "MEAN", "MAX", "FIRST", "PRODUCT"})
    void placesAreAggregated(Aggregation aggregation) {
        List<float[]> scores =
                channelScores(new Ranking(Criterion.L1, aggregation, Normalisation.NONE, ScoreScope.GLOBAL));
        for (int i = 0; i < scores.size(); i++) {
            ChannelGroup group = groups.prunable().get(i);
            for (int c = 0; c < group.channels(); c++) {
                double[] places = places(evidence.weights(), group, c).stream()
                        .mapToDouble(
                                p -> p.stream().mapToDouble(Math::abs).average().orElseThrow())
                        .toArray();
                double expected = switch (aggregation) {
                    case TOGETHER, SUM -> Arrays.stream(places).sum();
                    case MEAN -> Arrays.stream(places).average().orElseThrow();
                    case MAX -> Arrays.stream(places).max().orElseThrow();
                    case FIRST -> places[0];
                    case PRODUCT -> Arrays.stream(places).reduce(1, (a, b) -> a * b);
                };
                assertThat((double) scores.get(i)[c]).isCloseTo(expected, within(1e-5 * Math.max(1, expected)));
            }
        }
    }

    /** Channels that are gone set no scale: here the last, whose score is the greatest. */
    @Test
    void scoresAreNormalisedOverTheChannelsThatAreLeft() {
        Tensor scores = Tensor.of(new float[] {1, 3, 2, 2, 100}, 5);
        Kept kept = Kept.of(5, 0, 1, 2, 3);
        assertThat(Normalisation.NONE.of(scores, kept).toFloatArray()).startsWith(1, 3, 2, 2);
        assertThat(Normalisation.MEAN.of(scores, kept).toFloatArray()).startsWith(0.5f, 1.5f, 1, 1);
        assertThat(Normalisation.MAX.of(scores, kept).toFloatArray()).startsWith(1 / 3f, 1, 2 / 3f, 2 / 3f);
        assertThat(Normalisation.SUM.of(scores, kept).toFloatArray()).startsWith(0.125f, 0.375f, 0.25f, 0.25f);
        // Squares 1 9 4 4: not smaller than 1 are 18, than 4 are 17, than 9 are 9.
        assertThat(Normalisation.LAMP.of(scores, kept).toFloatArray())
                .startsWith((float) (1 / 18.0), 1, (float) (4 / 17.0), (float) (4 / 17.0));
        float[] standard = Normalisation.STANDARDISE.of(scores, kept).toFloatArray();
        double[] deviations = {-Math.sqrt(2), Math.sqrt(2), 0, 0};
        for (int i = 0; i < deviations.length; i++) {
            assertThat((double) standard[i]).isCloseTo(deviations[i], within(1e-6));
        }
        Tensor equal = Tensor.of(new float[] {0.1f, 0.1f, 0.1f}, 3);
        for (float score : Normalisation.STANDARDISE.of(equal, Kept.all(3)).toFloatArray()) {
            assertThat((double) score).isCloseTo(0, within(0.2));
        }
    }
}
