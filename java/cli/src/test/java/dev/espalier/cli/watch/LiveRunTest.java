package dev.espalier.cli.watch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.train.EpochReport;
import dev.espalier.train.History;
import dev.espalier.train.Recipe;
import dev.espalier.train.SliceScore;
import dev.espalier.train.Snapshot;
import dev.espalier.train.Step;
import dev.espalier.train.StepReport;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LiveRunTest {
    private static final Recipe RECIPE = Recipe.defaults().with("epochs", 3);
    private static final int PER_EPOCH = 4;

    private final AtomicLong clock = new AtomicLong(5_000_000_000L);
    private final LiveRun run = new LiveRun("a run", clock::get);

    /** One more batch of 8 samples, half a second after the last. */
    private void step(long batches, double loss) {
        clock.addAndGet(500_000_000L);
        run.stepEnd(new StepReport(Step.START, batches, 8, loss, 0.5, 0.1));
    }

    private static EpochReport epoch(int epoch, EpochReport.@Nullable Scores validation) {
        return new EpochReport(epoch, (epoch + 1L) * PER_EPOCH, new EpochReport.Scores(2, 0.25), validation, 0.1, 1);
    }

    private List<Float> points(String name) {
        return requireNonNull(run.whole().series().get(name)).points();
    }

    @Test
    void aStageIsShownWithPlaceSpeedAndTimeLeft() {
        run.stageBegin("train", RECIPE, PER_EPOCH);
        assertThat(run.whole().header().position()).isEqualTo(new Frame.Position("train", 0, 3, 0, PER_EPOCH));
        assertThat(run.whole().header().pace().secondsLeft()).isNull();
        for (int i = 1; i <= 6; i++) {
            step(i, 1);
        }
        Frame.Header header = run.whole().header();
        assertThat(header.title()).isEqualTo("a run");
        assertThat(header.ending()).isNull();
        assertThat(header.position()).isEqualTo(new Frame.Position("train", 2, 3, 2, PER_EPOCH));
        assertThat(header.pace()).isEqualTo(new Frame.Speed(3, 16.0, 3.0));
        assertThat(points("rate")).startsWith(0.25f, 0.1f, 0.5f, 0.1f).hasSize(12);
    }

    /** Validation and pruning take time that training does not: the speed is of training, the time left of all. */
    @Test
    void pausesDoNotSlowTheSpeed() {
        run.stageBegin("train", RECIPE, PER_EPOCH);
        for (int i = 1; i <= PER_EPOCH; i++) {
            step(i, 1);
        }
        clock.addAndGet(4_000_000_000L);
        run.epochEnd(epoch(0, new EpochReport.Scores(1.5, 0.75, 0.375)));
        step(5, 1);
        step(6, 1);
        Frame.Speed pace = run.whole().header().pace();
        assertThat(pace.samplesPerSecond()).isEqualTo(16.0);
        assertThat(pace.secondsLeft()).isEqualTo(6 * 0.5 + 2 * 4);
        assertThat(points("loss.validation")).containsExactly(1f, 1.5f);
        assertThat(points("accuracy.validation")).containsExactly(1f, 0.75f);
        assertThat(points("accuracy.hidden")).containsExactly(1f, 0.375f);
    }

    /** Of few batches it is their plain mean. */
    @Test
    void lossesAreSmoothedWithinAStage() {
        run.stageBegin("train", RECIPE, PER_EPOCH);
        step(1, 4);
        step(2, 2);
        step(3, 6);
        run.stageBegin("fine-tune", RECIPE, PER_EPOCH);
        step(1, 10);
        assertThat(points("loss.batch")).containsExactly(0.25f, 4f, 0.5f, 2f, 0.75f, 6f, 1f, 10f);
        assertThat(points("loss.training")).containsExactly(0.25f, 4f, 0.5f, 3f, 0.75f, 4f, 1f, 10f);
        assertThat(run.whole().header().stages())
                .containsExactly(new Frame.Mark("train", 0), new Frame.Mark("fine-tune", 0.75));
    }

    @Test
    void whatIsRemovedIsAStep() {
        run.stageBegin("fine-tune", RECIPE, PER_EPOCH);
        step(1, 1);
        assertThat(run.whole().series()).doesNotContainKey("removed");
        run.removed(0.2);
        step(2, 1);
        run.removed(0.5);
        assertThat(points("removed")).containsExactly(0.25f, 0.2f, 0.5f, 0.2f, 0.5f, 0.2f, 0.5f, 0.5f);
    }

    @Test
    void slicesRememberTheirFirstLastAndBest() {
        for (double accuracy : new double[] {0.5, 0.75, 0.25}) {
            run.slices(List.of(new SliceScore("class cat", 4, accuracy), new SliceScore("only image", 8, 0.5)));
        }
        assertThat(run.whole().slices())
                .containsExactly(
                        new Frame.Slice("class cat", 4, 0.5, 0.25, 0.75),
                        new Frame.Slice("only image", 8, 0.5, 0.5, 0.5));
    }

    @Test
    void changesTellWhatIsNewOnce() {
        assertThat(run.changes()).as("that there is a run").isPresent();
        assertThat(run.changes()).isEmpty();
        run.note("one");
        clock.addAndGet(1_500_000_000L);
        run.note("two");
        Frame notes = run.changes().orElseThrow();
        assertThat(notes.notes()).containsExactly(new Frame.Note(1, 0, "one"), new Frame.Note(2, 1.5, "two"));
        assertThat(notes.series()).isEmpty();
        assertThat(notes.slices()).isNull();
        run.note("three");
        run.slices(List.of(new SliceScore("class cat", 4, 1)));
        Frame more = run.changes().orElseThrow();
        assertThat(more.notes()).extracting(Frame.Note::text).containsExactly("three");
        assertThat(more.slices()).hasSize(1);
        assertThat(run.whole().notes()).hasSize(3);
        run.done();
        assertThat(run.changes().orElseThrow().header().ending()).isEqualTo(new Frame.Ending(true, ""));
        run.failed("it burst");
        assertThat(run.whole().header().ending()).isEqualTo(new Frame.Ending(false, "it burst"));
    }

    @Test
    void memoryIsBounded() {
        run.stageBegin("train", RECIPE, 1);
        for (int i = 1; i <= 3 * LiveRun.MOST_POINTS; i++) {
            step(i, 1);
            run.note("n".repeat(10_000));
            run.slices(List.of(new SliceScore("slice " + i, 1, 0)));
        }
        Frame whole = run.whole();
        assertThat(whole.series().values()).allMatch(change -> change.points().size() <= 2 * (LiveRun.MOST_POINTS + 1));
        assertThat(whole.notes())
                .hasSize(LiveRun.MOST_NOTES)
                .allMatch(note -> note.text().length() < 1000);
        assertThat(requireNonNull(whole.slices()).size()).isLessThan(2000);
    }

    @Test
    void aResumedRunShowsItsEarlierEpochsAndGoesOnBehindThem() {
        History history = new History();
        history.stageBegin("train", RECIPE, PER_EPOCH);
        history.epochEnd(epoch(0, new EpochReport.Scores(3, 0.5)));
        history.epochEnd(epoch(1, null));
        history.stageBegin("fine-tune", RECIPE, PER_EPOCH);
        history.epochEnd(epoch(0, null));
        Snapshot.Builder snapshot = new Snapshot.Builder();
        history.save(snapshot);
        LiveRun killed = new LiveRun("a run", clock::get);
        killed.slices(List.of(new SliceScore("class a, b", 7, 0.5), new SliceScore("only image", 9, 0.25)));
        killed.slices(List.of(new SliceScore("class a, b", 7, 0.75)));
        killed.slices(List.of(new SliceScore("class a, b", 7, 0.625)));
        killed.save(snapshot);
        run.slices(List.of(new SliceScore("class gone", 7, 0.5)));
        run.removed(0.5);
        run.stageBegin("fine-tune", RECIPE, PER_EPOCH);
        run.restore(snapshot.build());
        assertThat(points("loss.training")).containsExactly(1f, 2f, 2f, 2f, 3f, 2f);
        assertThat(points("loss.validation")).containsExactly(1f, 3f);
        assertThat(points("removed")).containsExactly(3f, 0.5f);
        assertThat(run.whole().header().stages())
                .containsExactly(new Frame.Mark("train", 0), new Frame.Mark("fine-tune", 2));
        assertThat(run.whole().slices())
                .containsExactly(
                        new Frame.Slice("class a, b", 7, 0.5, 0.625, 0.75),
                        new Frame.Slice("only image", 9, 0.25, 0.25, 0.25));
        // In the middle of the second epoch of fine-tuning.
        step(PER_EPOCH + 3, 1);
        assertThat(points("loss.batch")).containsExactly(3.75f, 1f);
        assertThat(run.whole().header().position()).isEqualTo(new Frame.Position("fine-tune", 2, 3, 3, PER_EPOCH));
    }
}
