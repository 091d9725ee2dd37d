package dev.espalier.manifest.encode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.Augmentation;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.DataSets;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.data.Source;
import dev.espalier.model.Fusion;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.EpochReport;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.Evaluator;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import dev.espalier.train.Trainer;
import dev.espalier.train.TrainingState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where training hides modalities, so does the validation by which epochs are compared. */
@NoLeaks
class HiddenValidationTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static Model model(DataSets data) {
        Encoding encoding =
                Encoding.fromJson(Objects.requireNonNull(data.train().facts().get(Encoding.FACT)));
        return Fusion.CONCAT.model(encoding.branches(), 2, 0.125, 1);
    }

    private static BatchOptions options(DataSets data) {
        return BatchOptions.evaluation(8, data.statistics(), Device.CPU);
    }

    private EpochReport.Scores lastOf(double dropout, DataSets data, TrainingState state) {
        Recipe recipe =
                Recipe.defaults().with(Map.of("epochs", 2, "batch-size", 8, "lr", 0.05, "modality-dropout", dropout));
        List<EpochReport> reports = new ArrayList<>();
        Source train = data.train();
        Batches batches = new Batches(
                train, BatchOptions.training(8, 1, recipe.data().augmentation(), data.statistics(), Device.CPU));
        Batches held = new Batches(data.validation().orElseThrow(), options(data));
        Trainer.fit(state, batches, held, recipe, List.of(new Listener() {
            @Override
            public void epochEnd(EpochReport report) {
                reports.add(report);
            }
        }));
        return Objects.requireNonNull(reports.get(1).validation());
    }

    @Test
    void isMeasuredOnTheSameSamplesWithAsManyHidden() throws IOException {
        try (DataSets data = new ToyManifest(folder).rows("train", 80).open();
                Model model = model(data);
                TrainingState state = TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU)) {
            EpochReport.Scores scores = lastOf(0.75, data, state);
            Source held = data.validation().orElseThrow();
            EvaluationResult whole = Evaluator.evaluate(state, new Batches(held, options(data)));
            EvaluationResult hidden = Evaluator.evaluate(
                    state,
                    new Batches(
                            held,
                            options(data).augmented(Augmentation.none().withMixed(MixedAugmentation.hiding(0.75)))));
            assertThat(scores).isEqualTo(new EpochReport.Scores(whole.loss(), whole.accuracy(), hidden.accuracy()));
            assertThat(hidden.accuracy()).isNotEqualTo(whole.accuracy());
            assertThat(scores.judged()).isEqualTo(hidden.accuracy());
        }
    }

    @Test
    void isLeftOutWhereNothingIsHidden() throws IOException {
        try (DataSets data = new ToyManifest(folder).rows("train", 40).open();
                Model model = model(data);
                TrainingState state = TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU)) {
            EpochReport.Scores scores = lastOf(0, data, state);
            assertThat(scores.hidden()).isNaN();
            assertThat(scores.judged()).isEqualTo(scores.accuracy());
        }
    }
}
