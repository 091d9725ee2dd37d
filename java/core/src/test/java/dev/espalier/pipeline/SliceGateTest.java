package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataSets;
import dev.espalier.model.Model;
import dev.espalier.prune.PruningException;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.Recipe;
import dev.espalier.train.SliceScore;
import dev.espalier.train.ToyImages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

@NoLeaks
class SliceGateTest {
    private static SliceScore slice(String name, int samples, double accuracy) {
        return new SliceScore(name, samples, accuracy);
    }

    @Test
    void namesSlicesThatLostTooMuchTheWorstFirst() {
        SliceGate gate = new SliceGate(2, 100, 0);
        List<SliceScore> before = List.of(
                slice("class a", 200, 0.90),
                slice("class b", 200, 0.90),
                slice("rare", 99, 0.90),
                slice("gone", 200, 0.90),
                slice("class c", 200, 0.90));
        List<SliceScore> after = List.of(
                slice("class a", 200, 0.88),
                slice("class b", 200, 0.875),
                slice("rare", 99, 0.10),
                slice("new", 200, 0.10),
                slice("class c", 200, 0.70));
        assertThat(gate.breaches(before, after))
                .containsExactly(
                        "'class c' (200 samples) fell by 20.00 points, from 90.00 to 70.00 %",
                        "'class b' (200 samples) fell by 2.50 points, from 90.00 to 87.50 %");
        assertThat(gate.breaches(before, before)).isEmpty();
    }

    /** Without fine-tuning the network falls to chance when most of its channels go, and less where fewer do. */
    @Test
    void prunesLessUntilEverySliceIsWithinBounds() {
        Recipe training = Recipe.defaults().with(Map.of("epochs", 4, "batch-size", 16, "lr", 0.05));
        RunPlan plan = RunPlan.prune(PruningRecipe.fromMap(Map.of("target", 0.9, "of", "channels"), Set.of()));
        try (DataSets data = ToyImages.sets(192, 96, 96);
                Model initial = ToyRuns.model();
                RunOutcome dense = PruningRun.run(initial, RunPlan.train(training), RunSetting.of(data, Device.CPU))) {
            RunSetting setting = RunSetting.of(data, Device.CPU);
            List<String> told = new ArrayList<>();
            assertThatThrownBy(() ->
                            GatedRun.run(dense.model(), plan, retry -> setting, new SliceGate(2, 10, 0), told::add))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("lost more than 2.0 points")
                    .hasMessageContaining("'class ");
            assertThat(told).hasSize(1);
            told.clear();
            List<Integer> retries = new ArrayList<>();
            try (RunOutcome kept = GatedRun.run(
                    dense.model(),
                    plan,
                    retry -> {
                        retries.add(retry);
                        return setting;
                    },
                    new SliceGate(2, 10, 30),
                    told::add)) {
                assertThat(told).isNotEmpty().allMatch(line -> line.contains("trying again"));
                assertThat(retries).hasSize(told.size() + 2).startsWith(0, 0);
                assertThat(kept.after().size().parameters())
                        .isLessThanOrEqualTo(dense.after().size().parameters());
                assertThat(kept.model().metadata().provenance().facts().get("prune.target"))
                        .isEqualTo(Double.toString(0.9 * Math.pow(0.75, told.size())));
            }
        }
    }
}
