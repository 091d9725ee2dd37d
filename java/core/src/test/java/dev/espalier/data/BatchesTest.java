package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class BatchesTest {
    private static final Augmentation EVERYTHING = new Augmentation(
            true, true, new Warp(0.2, 0.2, 0.1, 15), new Crop(2, Crop.Border.REFLECT), 0.4, MixedAugmentation.none());

    @TempDir
    Path folder;

    @TempDir
    Path cache;

    private DataSets sets;

    @BeforeEach
    void open() throws IOException {
        Fixtures.folder(folder.resolve("train"), 9, "a", "b", "c");
        sets = Datasets.open(folder, Fixtures.options(cache));
    }

    @AfterEach
    void close() {
        sets.close();
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Seen(int[] indices, float[] inputs, long[] labels) {}

    private Batches batches(Sampling sampling, Augmentation augmentation) {
        return new Batches(
                sets.train(), new BatchOptions(4, sampling, augmentation, sets.statistics(), Device.CPU, Set.of()));
    }

    private static List<Seen> walk(Cursor opened) {
        List<Seen> seen = new ArrayList<>();
        try (Cursor cursor = opened) {
            while (cursor.hasNext()) {
                try (Scope scope = Scope.open()) {
                    Batch batch = cursor.next();
                    seen.add(new Seen(
                            batch.indices(),
                            batch.input(ImageSource.INPUT).toFloatArray(),
                            batch.labels().toLongArray()));
                }
            }
        }
        return seen;
    }

    private static void assertSame(List<Seen> left, List<Seen> right) {
        assertThat(left).hasSameSizeAs(right);
        for (int i = 0; i < left.size(); i++) {
            assertThat(left.get(i).indices).isEqualTo(right.get(i).indices);
            assertThat(left.get(i).inputs).isEqualTo(right.get(i).inputs);
            assertThat(left.get(i).labels).isEqualTo(right.get(i).labels);
        }
    }

    @Test
    void inputsAreNormalisedPixelsToTheBit() {
        Batches batches = new Batches(sets.train(), BatchOptions.evaluation(5, sets.statistics(), Device.CPU));
        assertThat(batches.perEpoch()).isEqualTo(6);
        List<Seen> seen = walk(batches.epoch(0, 0));
        assertThat(seen.get(5).indices).containsExactly(25, 26);
        for (Seen batch : seen) {
            int at = 0;
            for (int i = 0; i < batch.indices.length; i++) {
                byte[] bytes = Fixtures.read(sets.train(), batch.indices[i]);
                assertThat(batch.labels[i]).isEqualTo(sets.train().labels()[batch.indices[i]]);
                for (int k = 0; k < bytes.length; k++) {
                    int channel = k / 48;
                    float scaled = (bytes[k] & 0xFF) / 255f;
                    float expected = (scaled - sets.statistics().mean().get(channel))
                            / sets.statistics().std().get(channel);
                    assertThat(batch.inputs[at++]).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void resumedAtAnyBatchEqualsUninterrupted(boolean readAhead) {
        List<Seen> whole = walk(batches(Sampling.shuffled(3), EVERYTHING).epoch(2, 0));
        for (int from = 0; from <= 7; from++) {
            List<Seen> rest = walk(batches(Sampling.shuffled(3), EVERYTHING).cursor(2, from, readAhead));
            assertSame(rest, whole.subList(from, 7));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void imagesThatLieOnTheDeviceGiveTheSameBatches(boolean heldOut) {
        DataOptions options = Fixtures.options(cache).withValidation(heldOut ? 0.3 : 0, 1);
        try (DataSets staged = Datasets.open(folder, options);
                DataSets resident = Datasets.open(folder, options)) {
            ImageSource source = resident.images();
            Source whole = heldOut ? ((Subset) source).source() : source;
            ((CachedImages) whole).reside(Device.CPU);
            BatchOptions training = BatchOptions.training(4, 5, EVERYTHING, staged.statistics(), Device.CPU);
            for (int epoch = 0; epoch < 2; epoch++) {
                assertSame(
                        walk(new Batches(source, training).epoch(epoch, 0)),
                        walk(new Batches(staged.train(), training).epoch(epoch, 0)));
            }
        }
    }

    @Test
    void everyEpochVisitsEachImageOnceInItsOwnOrder() {
        Batches batches = batches(Sampling.shuffled(3), Augmentation.none());
        int[] first = indices(batches, 0);
        int[] second = indices(batches, 1);
        assertThat(first).isNotEqualTo(second);
        assertThat(Arrays.stream(first).sorted())
                .containsExactlyElementsOf(IntStream.range(0, 27).boxed().toList());
        assertThat(Arrays.stream(second).sorted())
                .containsExactlyElementsOf(IntStream.range(0, 27).boxed().toList());
    }

    private static int[] indices(Batches batches, int epoch) {
        return walk(batches.epoch(epoch, 0)).stream()
                .flatMapToInt(seen -> Arrays.stream(seen.indices))
                .toArray();
    }

    @Test
    void dropLastLeavesFullBatchesOnly() {
        Batches batches = batches(new Sampling(Sampling.Visits.SHUFFLE, 1, true), Augmentation.none());
        assertThat(batches.perEpoch()).isEqualTo(6);
        assertThat(walk(batches.epoch(0, 0))).hasSize(6).allMatch(seen -> seen.indices.length == 4);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cursorClosedEarlyFreesWhatWasRead(boolean readAhead) {
        Batches batches = batches(Sampling.shuffled(1), EVERYTHING);
        try (Cursor cursor = batches.cursor(0, 0, readAhead);
                Scope scope = Scope.open()) {
            assertThat(cursor.next().input(ImageSource.INPUT).shape()).isEqualTo(Shape.of(4, 3, 6, 8));
            assertThat(cursor.position()).isEqualTo(1);
        }
        Cursor untouched = batches.cursor(0, 0, readAhead);
        untouched.close();
        untouched.close();
        assertThat(untouched.hasNext()).isFalse();
    }

    @Test
    void failureWhileReadingAheadReachesTheTaker() {
        sets.train().close();
        try (Cursor cursor = batches(Sampling.inOrder(), Augmentation.none()).cursor(0, 0, true);
                Scope scope = Scope.open()) {
            assertThatThrownBy(cursor::next)
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("the data set is closed");
            assertThatThrownBy(cursor::next).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void impossibleBatchesAreRefused() {
        assertThatThrownBy(() -> BatchOptions.evaluation(0, sets.statistics(), Device.CPU))
                .isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new Batches(
                        sets.train(),
                        new BatchOptions(
                                99,
                                new Sampling(Sampling.Visits.IN_ORDER, 0, true),
                                Augmentation.none(),
                                sets.statistics(),
                                Device.CPU,
                                Set.of())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("at least one per epoch");
        assertThatThrownBy(
                        () -> new Batches(sets.train(), BatchOptions.evaluation(4, Statistics.identity(1), Device.CPU)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("one per channel");
    }
}
