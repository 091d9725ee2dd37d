package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Window;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is measured in runs, against loops over the values of the same runs. */
@NoLeaks
class ActivationMeasureTest {
    private static final int SAMPLES = 3;

    private final Graph graph = ModelBuilder.of("small", Shape.of(2, 6, 6))
            .convNorm(4, 3, 1, 1)
            .relu()
            .maxPool(2)
            .conv(6, Window.square(3, 2, 1), 2, true)
            .relu()
            .flatten()
            .dense(5)
            .relu()
            .dense(3)
            .graph();

    private final ChannelGroups groups = ChannelGroups.trace(graph);

    private static Map<String, Tensor> inputs(Graph graph) {
        SplittableRandom random = new SplittableRandom(11);
        Map<String, Tensor> inputs = new HashMap<>();
        graph.inputs().forEach((name, type) -> {
            float[] values = new float[(int) type.numelPerSample() * SAMPLES];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextDouble(-1, 1);
            }
            long[] shape = type.shape().toArray();
            shape[0] = SAMPLES;
            inputs.put(name, Tensor.of(values, shape));
        });
        return inputs;
    }

    /** The values of one run of random weights, contiguous, by name. */
    private Map<String, float[]> run(Execution.Observer observer) {
        Map<String, float[]> values = new HashMap<>();
        try (Model model = RandomModel.of(graph, 3)) {
            Map<String, Tensor> inputs = inputs(graph);
            inputs.forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
            Execution.run(graph, model.weights().asMap(), inputs, Evaluation.INFERENCE, (node, in, out) -> {
                values.put(node.output(), out.get(0).toFloatArray());
                observer.observe(node, in, out);
            });
        }
        return values;
    }

    private ChannelGroup group(String producer) {
        return groups.prunable().stream()
                .filter(g -> g.producers().contains(producer))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void activationsAreSeenAfterTheirFunctionAndBeforeTheyArePooled() {
        ActivationMeasure measure = new ActivationMeasure(groups, Measure.ACTIVATIONS);
        List<String> relus = graph.nodes().stream()
                .filter(n -> n.op().type().equals("Relu"))
                .map(n -> n.output())
                .toList();
        assertThat(measure.values(group("conv1"))).containsExactly(relus.get(0));
        assertThat(measure.values(group("dense1"))).containsExactly(relus.get(2));
    }

    @Test
    void sharesAndMagnitudesAreMeansOverSamplesAndPositions() {
        try (Scope scope = Scope.open()) {
            ActivationMeasure shares = new ActivationMeasure(groups, Measure.NONZERO_SHARES);
            ActivationMeasure magnitudes = new ActivationMeasure(groups, Measure.ACTIVATIONS);
            Map<String, float[]> values = run((node, in, out) -> {
                shares.observe(node, in, out);
                magnitudes.observe(node, in, out);
            });
            ChannelGroup group = group("conv1");
            float[] map = values.getOrDefault("relu1", new float[0]);
            float[] share =
                    shares.result().getOrDefault(group.id(), Tensor.scalar(0)).toFloatArray();
            float[] magnitude = magnitudes
                    .result()
                    .getOrDefault(group.id(), Tensor.scalar(0))
                    .toFloatArray();
            // The grouped convolution that follows ties channels in pairs.
            assertThat(share).hasSize(2);
            IndexMap pairs = group.members().get(0).indices();
            for (int c = 0; c < 2; c++) {
                double nonzero = 0;
                double sum = 0;
                for (int index : pairs.of(c)) {
                    for (int i = 0; i < 36 * SAMPLES; i++) {
                        double x = map[(i / 36 * 4 + index) * 36 + i % 36];
                        nonzero += x != 0 ? 1 : 0;
                        sum += Math.abs(x);
                    }
                }
                assertThat((double) share[c]).isCloseTo(nonzero / (72 * SAMPLES), within(1e-6));
                assertThat((double) magnitude[c]).isCloseTo(sum / (72 * SAMPLES), within(1e-6));
                assertThat(share[c]).isStrictlyBetween(0f, 1f);
            }
        }
    }

    @Test
    void ranksAreThoseOfTheMaps() {
        assertThat(MapRank.of(new double[][] {{0, 0}, {0, 0}})).isZero();
        assertThat(MapRank.of(new double[][] {{0, 3, 0}, {0, 0, 0}})).isEqualTo(1);
        assertThat(MapRank.of(new double[][] {{1, 2, 3}, {2, 4, 6}, {1, 1, 1}})).isEqualTo(2);
        assertThat(MapRank.of(new double[][] {{0, 1, 0}, {0, 0, 2}, {3, 0, 0}})).isEqualTo(3);
        assertThat(MapRank.of(new double[][] {{1, 1}, {1, 1 + 1e-9}})).isEqualTo(1);
        try (Scope scope = Scope.open()) {
            // Two samples of two channels: ranks 1 and 2, then 0 and 1.
            float[] maps = {1, 1, 2, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 5, 0, 0};
            assertThat(MapRank.along(Tensor.of(maps, 2, 2, 2, 2), 1)).containsExactly(0.5, 1.5);
            assertThat(MapRank.along(Tensor.of(new float[] {1, 0, 2, 0}, 2, 2), 1))
                    .containsExactly(1, 0);
            ActivationMeasure measure = new ActivationMeasure(groups, Measure.RANKS);
            run(measure);
            assertThat(measure.result()).hasSameSizeAs(groups.prunable());
        }
    }

    @Test
    void inputNormsAreThoseThatEachWeightMeets() {
        try (Scope scope = Scope.open();
                Model model = RandomModel.of(graph, 3)) {
            InputNorms norms = new InputNorms(graph, model.weights().asMap());
            Map<String, float[]> values = run(norms);
            Map<String, Tensor> result = norms.result();
            // Six filters of three by three in two groups over four channels of 3 x 3 pixels, stride 2, padding 1.
            float[] x = values.getOrDefault(graph.node("conv2").inputs().get(0), new float[0]);
            float[] got = result.getOrDefault("conv2.weight", Tensor.scalar(0)).toFloatArray();
            for (int w = 0; w < got.length; w++) {
                int filter = w / 18;
                int channel = filter / 3 * 2 + w / 9 % 2;
                double sum = 0;
                for (int n = 0; n < SAMPLES; n++) {
                    for (int position = 0; position < 4; position++) {
                        int row = position / 2 * 2 - 1 + w / 3 % 3;
                        int column = position % 2 * 2 - 1 + w % 3;
                        if (row >= 0 && row < 3 && column >= 0 && column < 3) {
                            double v = x[((n * 4 + channel) * 3 + row) * 3 + column];
                            sum += v * v;
                        }
                    }
                }
                assertThat((double) got[w]).as("weight " + w).isCloseTo(Math.sqrt(sum), within(1e-5));
            }
            float[] rows = values.getOrDefault("relu3", new float[0]);
            float[] dense =
                    result.getOrDefault("dense2.weight", Tensor.scalar(0)).toFloatArray();
            for (int w = 0; w < dense.length; w++) {
                double sum = 0;
                for (int n = 0; n < SAMPLES; n++) {
                    sum += (double) rows[n * 5 + w % 5] * rows[n * 5 + w % 5];
                }
                assertThat((double) dense[w]).isCloseTo(Math.sqrt(sum), within(1e-5));
            }
        }
    }

    @Test
    void misuseIsRefused() {
        assertThatThrownBy(() -> new ActivationMeasure(groups, Measure.GRADIENTS))
                .hasMessageContaining("no measure of activations");
        assertThatThrownBy(() -> new ActivationMeasure(groups, Measure.RANKS).result())
                .hasMessageContaining("no activations of group 'conv1' were seen");
        try (Scope scope = Scope.open();
                Model model = RandomModel.of(graph, 3);
                Grad off = Grad.disabled()) {
            InputNorms norms = new InputNorms(graph, model.weights().asMap());
            assertThatThrownBy(() -> run(norms)).hasMessageContaining("switched off");
        }
    }

    /** In every small network the activations of all groups are found. */
    @Test
    void everyPatternHasItsActivations() {
        Networks.PATTERNS.forEach((name, make) -> {
            ChannelGroups traced = ChannelGroups.trace(make.get());
            ActivationMeasure measure = new ActivationMeasure(traced, Measure.ACTIVATIONS);
            traced.prunable()
                    .forEach(g -> assertThat(measure.values(g))
                            .as(name + " " + g.id())
                            .isNotEmpty());
        });
    }
}
