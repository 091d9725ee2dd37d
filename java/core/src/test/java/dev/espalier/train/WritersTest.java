package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.Answers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WritersTest {
    private static EpochReport epoch(int number, boolean validated) {
        EpochReport.Scores training = new EpochReport.Scores(1.5 / number, 0.25 * number);
        double hidden = number % 2 == 1 ? 0.375 : Double.NaN;
        EpochReport.Scores validation = validated ? new EpochReport.Scores(2, 0.5, hidden) : null;
        return new EpochReport(number - 1, 10L * number, training, validation, 0.1, 1.25);
    }

    @Test
    void csvHoldsOneLinePerEpochAndStage(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("history.csv");
        CsvWriter writer = new CsvWriter(file);
        writer.stageBegin("train", Recipe.defaults(), 10);
        writer.epochEnd(epoch(1, true));
        writer.stageBegin("fine-tune", Recipe.defaults(), 10);
        writer.epochEnd(epoch(1, false));
        writer.epochEnd(epoch(2, true));
        List<String> lines = Files.readAllLines(file);
        assertThat(lines)
                .hasSize(4)
                .contains(
                        "train,1,10,0.1,1.5,0.25,2.0,0.5,0.375,1.250",
                        "fine-tune,1,10,0.1,1.5,0.25,,,,1.250",
                        "fine-tune,2,20,0.1,0.75,0.5,2.0,0.5,,1.250");
        int columns = lines.get(0).split(",", -1).length;
        assertThat(lines).allSatisfy(line -> assertThat(line.split(",", -1)).hasSize(columns));
    }

    @Test
    void csvOfAResumedRunDropsWhatItsCheckpointDoesNotKnow(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("history.csv");
        CsvWriter killed = new CsvWriter(file);
        killed.epochEnd(epoch(1, true));
        Snapshot.Builder checkpoint = new Snapshot.Builder();
        killed.save(checkpoint);
        killed.epochEnd(epoch(2, true));
        CsvWriter resumed = new CsvWriter(file);
        resumed.restore(checkpoint.build());
        resumed.epochEnd(epoch(2, false));
        assertThat(Files.readAllLines(file)).hasSize(3).element(2).isEqualTo("train,2,20,0.1,0.75,0.5,,,,1.250");
    }

    @Test
    void historyComesBackFromACheckpoint() {
        History history = new History();
        history.stageBegin("train", Recipe.defaults(), 10);
        for (int i = 1; i <= 12; i++) {
            history.epochEnd(epoch(i, i % 3 != 0));
        }
        Snapshot.Builder checkpoint = new Snapshot.Builder();
        history.save(checkpoint);
        History restored = new History();
        restored.restore(checkpoint.build());
        assertThat(restored.entries()).isEqualTo(history.entries()).hasSize(12);
    }

    @Test
    void eventsOfAResumedRunGoOnInAFileOfTheirOwn(@TempDir Path folder) throws IOException {
        Snapshot.Builder checkpoint = new Snapshot.Builder();
        try (TensorBoardWriter writer = new TensorBoardWriter(folder, 2)) {
            writer.stageBegin("train", Recipe.defaults(), 10);
            for (int batch = 1; batch <= 10; batch++) {
                writer.stepEnd(new StepReport(new Step(0, batch), batch, 8, 1.0 / batch, 0.5, 0.1));
            }
            writer.epochEnd(epoch(1, true));
            writer.save(checkpoint);
        }
        Snapshot snapshot = checkpoint.build();
        assertThat(snapshot.wholeNumber("events/last")).isEqualTo(10);
        try (TensorBoardWriter writer = new TensorBoardWriter(folder, 2)) {
            writer.stageBegin("train", Recipe.defaults(), 10);
            writer.restore(snapshot);
            writer.epochEnd(epoch(2, true));
            Snapshot.Builder later = new Snapshot.Builder();
            writer.save(later);
            assertThat(later.build().wholeNumber("events/last")).isEqualTo(20);
        }
        try (Stream<Path> files = Files.list(folder)) {
            // Only the first epoch has an accuracy with modalities hidden.
            assertThat(files.map(WritersTest::text).map(text -> text.contains("accuracy/validation hidden")))
                    .containsExactlyInAnyOrder(true, false);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void policiesAreDueByCountOrTime() {
        assertThat(new CheckpointPolicy(5, 0).due(4, 1e9)).isFalse();
        assertThat(new CheckpointPolicy(5, 0).due(5, 0)).isTrue();
        assertThat(new CheckpointPolicy(0, 2).due(1 << 30, 1.9)).isFalse();
        assertThat(new CheckpointPolicy(0, 2).due(0, 2)).isTrue();
        assertThat(CheckpointPolicy.EPOCHS.due(1 << 30, 1e9)).isFalse();
    }

    private static Answers classes(int... classes) {
        return Answers.ofClasses(classes, 3);
    }

    @Test
    void resultsCountPerClassAndNewlyWrong() {
        EvaluationResult before = new EvaluationResult(0.5, classes(0, 1, 1, 0), classes(0, 1, 0, 0));
        EvaluationResult after = new EvaluationResult(0.6, classes(0, 2, 0, 1), classes(0, 1, 0, 0));
        assertThat(before.accuracy()).isEqualTo(0.75);
        assertThat(after.perClassAccuracy()).containsExactly(2.0 / 3, 0, Double.NaN);
        assertThat(after.newlyWrong(before)).containsExactly(1, 3);
    }
}
