package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.Answers;
import dev.espalier.data.Scale;
import dev.espalier.prune.Size;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.SliceScore;
import dev.espalier.train.Snapshot;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@NoLeaks
class RunRecordsTest {
    static Stream<EvaluationResult> results() {
        Scale scale = new Scale(-3.7, 1e6 / 3);
        return Stream.of(
                new EvaluationResult(
                        0.1, Answers.ofClasses(new int[] {1, 0}, 3), Answers.ofClasses(new int[] {2, 0}, 3)),
                new EvaluationResult(
                        0.2,
                        Answers.ofLabels(List.of(new int[] {0}, new int[] {1, 2}), 3),
                        Answers.ofLabels(List.of(new int[0], new int[] {2}), 3)),
                new EvaluationResult(
                        0.3,
                        Answers.ofNumbers(new double[] {1 / 3.0, 7}, scale),
                        Answers.ofNumbers(new double[] {-9, 12_345}, scale)));
    }

    @ParameterizedTest
    @MethodSource("results")
    void whatWasMeasuredComesBackFromACheckpoint(EvaluationResult result) {
        Measured measured = new Measured(
                new Size(10, 20, 0.5), result, List.of(new SliceScore("quarter 1, to 3.000", 2, 0.25)), 1.5);
        try (Scope scope = Scope.open()) {
            Snapshot.Builder snapshot = new Snapshot.Builder();
            RunRecords.save(snapshot, measured);
            Measured back = RunRecords.measured(snapshot.build()).orElseThrow();
            assertThat(back).usingRecursiveComparison().isEqualTo(measured);
            assertThat(back.evaluation().newlyWrong(result)).isEmpty();
        }
    }
}
