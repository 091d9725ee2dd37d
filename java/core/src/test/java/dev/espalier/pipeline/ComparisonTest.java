package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataSets;
import dev.espalier.model.Architecture;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.model.Weights;
import dev.espalier.pipeline.Comparison.Cell;
import dev.espalier.pipeline.Comparison.Kind;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.ToyImages;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NoLeaks
class ComparisonTest {
    private static final Map<String, Object> TRAINING =
            Map.of("epochs", 2, "batch-size", 16, "lr", 0.05, "validation-fraction", 0.2);

    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    /** Keeps everything in memory and counts what is made. */
    private static final class MemoryStore implements Comparison.Store, AutoCloseable {
        private final Map<String, Cell> cells = new LinkedHashMap<>();
        private final Map<String, Model> models = new HashMap<>();
        private int made;
        private int most = Integer.MAX_VALUE;

        @Override
        public Optional<Cell> cell(String key) {
            return Optional.ofNullable(cells.get(key));
        }

        @Override
        public void keep(String key, Cell cell) {
            if (made == most) {
                throw new IllegalStateException("killed");
            }
            made++;
            cells.put(key, cell);
        }

        @Override
        public Optional<Model> model(String key) {
            return Optional.ofNullable(models.get(key)).map(MemoryStore::copy);
        }

        @Override
        public void keep(String key, Model model) {
            Model former = models.put(key, copy(model));
            if (former != null) {
                former.close();
            }
        }

        private static Model copy(Model model) {
            return new Model(model.graph(), Weights.copyOf(model.weights().asMap()), model.metadata());
        }

        @Override
        public Optional<Checkpointing> checkpointing(String key) {
            return Optional.empty();
        }

        @Override
        public void close() {
            models.values().forEach(Model::close);
        }
    }

    private static RunPlan plan(Map<String, ?> more) {
        Map<String, Object> settings = new HashMap<>(TRAINING);
        settings.putAll(more);
        return RunPlan.fromMap(settings);
    }

    private static final Map<String, RunPlan> RECIPES = recipes();

    private static Map<String, RunPlan> recipes() {
        Map<String, RunPlan> recipes = new LinkedHashMap<>();
        recipes.put(
                "channels", plan(Map.of("target", 0.5, "of", "macs", "finetune-epochs", 1, "finetune-distill", 0.5)));
        recipes.put("elements", plan(Map.of("pattern", "element", "criterion", "l1", "target", 0.8, "scope", "local")));
        recipes.put("plain", plan(Map.of()));
        return recipes;
    }

    private static List<Cell> run(MemoryStore store, Map<String, RunPlan> recipes, Long... seeds) {
        return run(store, Comparison.BASELINES, recipes, seeds);
    }

    private static List<Cell> run(MemoryStore store, Set<Kind> baselines, Map<String, RunPlan> recipes, Long... seeds) {
        DataSets data = ToyImages.sets(60, 30, 30);
        RunSetting setting = RunSetting.of(data, Device.CPU);
        Architecture kerasCnn = Architecture.named(
                "kerasCnn", data.images().imageShape(), data.classes().size());
        return new Comparison(kerasCnn, 0.25, setting, store, baselines).run(recipes, List.of(seeds));
    }

    /** A lottery trains by itself, so no dense model comes before it. */
    @Test
    void aLotteryIsComparedToo() {
        try (MemoryStore store = new MemoryStore()) {
            Map<String, RunPlan> one = Map.of(
                    "lottery",
                    plan(Map.of("pattern", "element", "criterion", "l1", "prune-schedule", "lottery", "rounds", 1)));
            List<Cell> cells = run(store, one, 1L);
            assertThat(cells).extracting(Cell::kind).containsExactly(Kind.PRUNED, Kind.RANDOM, Kind.SMALL_DENSE);
            assertThat(cells).extracting(Cell::epochs).containsExactly(4, 4, 4);
        }
    }

    @Test
    void baselinesThatAreNotWantedAreNotMade() {
        try (MemoryStore store = new MemoryStore()) {
            Map<String, RunPlan> one = new LinkedHashMap<>(RECIPES);
            one.keySet().retainAll(Set.of("channels"));
            assertThat(run(store, Set.of(), one, 1L)).extracting(Cell::kind).containsExactly(Kind.DENSE, Kind.PRUNED);
            assertThat(run(store, Set.of(Kind.RANDOM), one, 1L))
                    .extracting(Cell::kind)
                    .containsExactly(Kind.DENSE, Kind.PRUNED, Kind.RANDOM);
            assertThat(store.made).isEqualTo(3);
            assertThatThrownBy(() -> run(store, Set.of(Kind.PRUNED), one, 1L)).hasMessageContaining("got [PRUNED]");
        }
    }

    private static Cell find(List<Cell> cells, String recipe, Kind kind, long seed) {
        return cells.stream()
                .filter(c -> c.recipe().equals(recipe) && c.kind() == kind && c.seed() == seed)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyRecipeStandsBesideItsBaselines() {
        try (MemoryStore store = new MemoryStore()) {
            List<Cell> cells = run(store, RECIPES, 1L, 2L);
            assertThat(cells).hasSize(2 * (5 + 4 + 1));
            // One dense model for each seed serves all three recipes.
            assertThat(store.made).isEqualTo(2 * (1 + 4 + 3));
            Cell dense = find(cells, "channels", Kind.DENSE, 1);
            Cell pruned = find(cells, "channels", Kind.PRUNED, 1);
            Cell random = find(cells, "channels", Kind.RANDOM, 1);
            Cell longer = find(cells, "channels", Kind.DENSE_LONGER, 1);
            Cell small = find(cells, "channels", Kind.SMALL_DENSE, 1);
            assertThat(longer.macs()).isEqualTo(dense.macs());
            assertThat(longer.trainedMacs()).isEqualTo(3.0 * 48 * dense.macs());
            assertThat(pruned.macs()).isLessThanOrEqualTo(dense.macs() / 2);
            assertThat(random.macs()).isLessThanOrEqualTo(dense.macs() / 2).isNotEqualTo(dense.macs());
            assertThat(small.macs()).isLessThanOrEqualTo(pruned.macs());
            assertThat(List.of(dense.epochs(), pruned.epochs(), random.epochs(), longer.epochs(), small.epochs()))
                    .containsExactly(2, 3, 3, 3, 3);
            // 48 of 60 images are left for training, in whole batches of 16.
            assertThat(dense.trainedMacs()).isEqualTo(2.0 * 48 * dense.macs());
            assertThat(pruned.trainedMacs()).isEqualTo(2.0 * 48 * dense.macs() + 48.0 * pruned.macs());
            Cell sparse = find(cells, "elements", Kind.PRUNED, 1);
            assertThat(sparse.macs()).isEqualTo(dense.macs());
            // A fifth of every layer's weights is left.
            assertThat(sparse.usefulMacs() / dense.macs()).isCloseTo(0.2, within(0.01));
            assertThat(find(cells, "elements", Kind.SMALL_DENSE, 1).macs())
                    .isLessThanOrEqualTo((long) sparse.usefulMacs());
            assertThat(find(cells, "plain", Kind.DENSE, 2).accuracy())
                    .isEqualTo(find(cells, "channels", Kind.DENSE, 2).accuracy());
        }
    }

    @Test
    void finishedCellsAreNotMadeAgain() {
        try (MemoryStore store = new MemoryStore();
                MemoryStore whole = new MemoryStore()) {
            Map<String, RunPlan> one = Map.of("channels", RECIPES.get("channels"));
            store.most = 2;
            assertThatThrownBy(() -> run(store, one, 5L)).hasMessage("killed");
            store.most = Integer.MAX_VALUE;
            List<Cell> resumed = run(store, one, 5L);
            assertThat(store.made).isEqualTo(5);
            run(store, one, 5L);
            assertThat(store.made).isEqualTo(5);
            List<Cell> straight = run(whole, one, 5L);
            for (int i = 0; i < straight.size(); i++) {
                assertThat(resumed.get(i).accuracy()).isEqualTo(straight.get(i).accuracy());
                assertThat(resumed.get(i).loss()).isEqualTo(straight.get(i).loss());
                assertThat(resumed.get(i).macs()).isEqualTo(straight.get(i).macs());
            }
            run(store, Map.of("channels", plan(Map.of("target", 0.4, "of", "macs", "finetune-epochs", 1))), 5L);
            assertThat(store.made).as("what was dense is kept").isEqualTo(8);
        }
    }

    @Test
    void aSpreadIsThatOfASample() {
        assertThat(Spread.of(List.of(1.0, 2.0, 6.0))).isEqualTo(new Spread(3, Math.sqrt((4 + 1 + 9) / 2.0)));
        assertThat(Spread.of(List.of(4.0))).isEqualTo(new Spread(4, null));
    }

    @Test
    void onlyWeightsOtherThanZeroDoUsefulWork() {
        try (Scope scope = Scope.open();
                Model model = Models.create("mlp", Shape.of(1, 4, 4), 3, 0.01, 1)) {
            double dense = model.graph().macs();
            assertThat(UsefulMacs.of(model)).isEqualTo(dense);
            String last = model.graph().parameters().keySet().stream()
                    .filter(p -> model.graph().type(p).rank() == 2)
                    .reduce((a, b) -> b)
                    .orElseThrow();
            model.weights().get(last).detach().zeroInPlace();
            assertThat(UsefulMacs.of(model))
                    .isEqualTo(dense - model.weights().get(last).numel());
        }
    }

    @Test
    void aPlanIsReadFromOneFlatMap() {
        RunPlan plan = plan(Map.of("target", 0.3, "finetune-epochs", 4, "finetune_lr", 0.002));
        assertThat(plan.training().orElseThrow().length().epochs()).isEqualTo(2);
        assertThat(plan.fineTuning().orElseThrow().optimizer().learningRate()).isEqualTo(0.002);
        assertThat(plan.fineTuning().orElseThrow().data().batchSize()).isEqualTo(16);
        assertThat(plan.pruning().orElseThrow().policy().budget().target()).isEqualTo(0.3);
        assertThat(plan(Map.of()).pruning()).isEmpty();
        assertThatThrownBy(() -> plan(Map.of("finetune-epoks", 4))).hasMessageContaining("'finetune-epochs'");
        assertThat(plan.withSeed(9).facts())
                .containsEntry("train.seed", "9")
                .containsEntry("prune.prune-seed", "9")
                .containsEntry("fine-tune.seed", "9");
    }
}
