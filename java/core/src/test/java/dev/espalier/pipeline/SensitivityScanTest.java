package dev.espalier.pipeline;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Weights;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Sensitivity;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.Recipe;
import dev.espalier.train.ToyImages;
import dev.espalier.train.TrainingState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two branches of one network, of which one counts for next to nothing in the scores. */
@NoLeaks
class SensitivityScanTest {
    private static final RunSetting SETTING = RunSetting.of(ToyImages.sets(120, 45, 60), Device.CPU);

    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    /** Trained; then channels 12 to 23 of what the classifier reads, from the idle branch, are made to count for nothing. */
    private static Model model() {
        RunPlan training = RunPlan.train(Recipe.defaults().with(Map.of("epochs", 6, "batch-size", 16, "lr", 0.05)));
        try (Model fresh = ModelBuilder.of("branches", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                        .concat(List.of(
                                busy -> busy.convNorm(12, 3, 1, 1).relu(),
                                idle -> idle.convNorm(12, 3, 1, 1).relu()))
                        .globalAveragePool()
                        .flatten()
                        .dense(3)
                        .build(5);
                RunOutcome trained = PruningRun.run(fresh, training, SETTING);
                Scope scope = Scope.open()) {
            Map<String, Tensor> weights = new HashMap<>();
            trained.model()
                    .weights()
                    .asMap()
                    .forEach((name, tensor) -> weights.put(name, tensor.detach().copy()));
            String classifier = fresh.graph().node("dense1").inputs().get(1);
            requireNonNull(weights.get(classifier)).narrow(1, 12, 12).mulInPlace(Tensor.of(new float[] {1e-3f}, 1));
            return new Model(fresh.graph(), Weights.adopt(weights), Metadata.NONE);
        }
    }

    private static PruningRecipe recipe(Map<String, Object> more) {
        Map<String, Object> settings =
                new HashMap<>(Map.of("criterion", "random", "scope", "sensitivity", "target", 0.4));
        settings.putAll(more);
        return PruningRecipe.fromMap(settings, Set.of());
    }

    private static ChannelGroup ofBranch(Graph graph, String conv) {
        return ChannelGroups.trace(graph).prunable().stream()
                .filter(group -> group.producers().contains(conv))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void damageIsMeasuredAndTheModelStaysAsItIs() {
        try (Scope scope = Scope.open();
                Model model = model();
                TrainingState training =
                        TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU)) {
            List<String> told = new ArrayList<>();
            Evidence evidence = Evidence.ofWeights(model.weights().asMap());
            Map<String, Tensor> damages = new SensitivityScan(
                            training, recipe(Map.of()).policy(), SETTING.evidence(), 2)
                    .damages(Mask.all(), evidence, told::add);
            String busy = ofBranch(model.graph(), "conv1").id();
            String idle = ofBranch(model.graph(), "conv2").id();
            assertThat(damages).containsOnlyKeys(busy, idle);
            assertThat(told).hasSize(3);
            int last = Sensitivity.SHARES.size() - 1;
            float[] ofBusy = requireNonNull(damages.get(busy)).toFloatArray();
            float[] ofIdle = requireNonNull(damages.get(idle)).toFloatArray();
            assertThat(ofBusy[last]).isGreaterThan(100 * Math.abs(ofIdle[last]));
            training.tensors()
                    .forEach((name, tensor) -> assertThat(tensor.detach().toBytes())
                            .as(name)
                            .isEqualTo(model.weights().get(name).toBytes()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"channels", "macs", "parameters"})
    void whatDoesNotMatterGoesFirst(String of) {
        try (Model model = model();
                RunOutcome outcome =
                        PruningRun.run(model, RunPlan.prune(recipe(Map.of("of", of, "target", 0.3))), SETTING)) {
            Graph left = outcome.model().graph();
            int ofBusy = 12 - ofBranch(left, "conv1").channels();
            int ofIdle = 12 - ofBranch(left, "conv2").channels();
            assertThat(ofIdle).isGreaterThan(2 * ofBusy).isPositive();
            assertThat(outcome.compaction().orElseThrow().check().passed()).isTrue();
        }
    }

    @Test
    void weightsGoWhereTheyDoNotMatter() {
        try (Model model = model();
                RunOutcome outcome = PruningRun.run(
                        model, RunPlan.prune(recipe(Map.of("pattern", "element", "target", 0.3))), SETTING)) {
            Graph graph = outcome.model().graph();
            long ofBusy = zeros(outcome.model(), graph.node("conv1").inputs().get(1));
            long ofIdle = zeros(outcome.model(), graph.node("conv2").inputs().get(1));
            long ofLast = zeros(outcome.model(), graph.node("dense1").inputs().get(1));
            assertThat(ofIdle).isGreaterThan(ofBusy);
            // Of two convolutions of 12 * 9 weights and 3 * 24 of the classifier.
            assertThat(ofBusy + ofIdle + ofLast).isEqualTo(Math.round(0.3 * (2 * 108 + 72)));
        }
    }

    private static long zeros(Model model, String parameter) {
        try (Scope scope = Scope.open()) {
            return (long) model.weights().get(parameter).eq(0).sum().item();
        }
    }

    @Test
    void schedulesThatPruneOftenAreRefused() {
        assertThatThrownBy(() -> recipe(Map.of("prune-schedule", "cubic")))
                .hasMessageContaining("oneshot or iterative");
        assertThat(recipe(Map.of("prune-schedule", "iterative")).policy().needsData())
                .isTrue();
    }
}
