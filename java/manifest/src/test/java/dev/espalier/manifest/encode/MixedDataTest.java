package dev.espalier.manifest.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.Augmentation;
import dev.espalier.data.Batch;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.Exhibit;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.data.Slice;
import dev.espalier.data.Source;
import dev.espalier.manifest.Heard;
import dev.espalier.manifest.audio.AudioFile;
import dev.espalier.manifest.audio.AudioLimits;
import dev.espalier.manifest.audio.CorruptAudioException;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NoLeaks
class MixedDataTest {
    @TempDir
    Path folder;

    private ToyManifest toy() throws IOException {
        return new ToyManifest(folder).rows("train", 24).rows("test", 12);
    }

    /** Every number of every input of the samples in order. */
    private static Map<String, float[]> all(Source source, BatchOptions options) {
        Map<String, float[]> numbers = new TreeMap<>();
        try (Scope scope = Scope.open();
                Cursor cursor = new Batches(source, options).epoch(0, 0)) {
            Batch batch = cursor.next();
            batch.inputs()
                    .forEach((name, input) -> numbers.put(
                            name, (input.dtype() == DType.F32 ? input : input.to(DType.F32)).toFloatArray()));
        }
        return numbers;
    }

    private static float[] of(Map<String, float[]> numbers, String input) {
        return Objects.requireNonNull(numbers.get(input), input);
    }

    private static float[] input(Map<String, Tensor> inputs, String name) {
        return Objects.requireNonNull(inputs.get(name), name).toFloatArray();
    }

    private static String json(DataSets data) {
        return Objects.requireNonNull(data.train().facts().get(Encoding.FACT));
    }

    private static BatchOptions whole(DataSets data) {
        return BatchOptions.evaluation(data.train().size(), data.statistics(), Device.CPU);
    }

    @Test
    void everyModalityBecomesNumbersFromZeroToOneAndSaysWhatIsMissing() throws IOException {
        try (DataSets data = toy().open();
                Scope scope = Scope.open();
                Cursor cursor = new Batches(data.train(), whole(data)).epoch(0, 0)) {
            Source train = data.train();
            assertThat(train.size()).isEqualTo(36);
            assertThat(data.validation().orElseThrow().size()).isEqualTo(12);
            assertThat(data.test().orElseThrow().size()).isEqualTo(24);
            assertThat(train.classes()).containsExactly("high", "low");
            assertThat(train.modalities()).containsExactly("image", "audio", "text", "table");
            Batch batch = cursor.next();
            assertThat(batch.input("image").shape()).isEqualTo(Shape.of(36, 1, 8, 8));
            assertThat(batch.input("audio").shape().dim(1)).isEqualTo(12);
            assertThat(batch.input("text").dtype()).isEqualTo(DType.I64);
            assertThat(batch.input("colour").dtype()).isEqualTo(DType.I64);
            for (String name : List.of("image", "audio", "table")) {
                Tensor numbers = batch.input(name);
                assertThat(numbers.min().item()).as(name).isGreaterThanOrEqualTo(0);
                assertThat(numbers.max().item()).as(name).isLessThanOrEqualTo(1).isGreaterThan(0.5);
            }
            float[] present = batch.input("image_present").toFloatArray();
            long[] labels = batch.labels().toLongArray();
            float[] pixels = batch.input("image").toFloatArray();
            for (int i = 0; i < present.length; i++) {
                int number = Integer.parseInt(train.name(i).substring("train".length()));
                assertThat(labels[i]).isEqualTo(number % 2 == 1 ? 0 : 1);
                assertThat(present[i]).isEqualTo(number % 5 == 4 ? 0 : 1);
                if (present[i] == 0) {
                    assertThat(pixels[64 * i]).isZero();
                } else {
                    assertThat(pixels[64 * i] > 0.5).isEqualTo(number % 2 == 1);
                }
            }
        }
    }

    @Test
    void whatIsLearntComesFromTrainingRowsAlone() throws IOException {
        ToyManifest toy = toy().row("odd,test,low,,,other words entirely,9999,green,south");
        try (DataSets data = toy.open()) {
            Encoding encoding = Encoding.fromJson(json(data));
            TableEncoder table = (TableEncoder) encoding.encoders().get(3);
            List<Double> knots = table.numbers().get(0).knots();
            assertThat(knots.get(0)).isBetween(40.0, 49.0);
            assertThat(knots.get(1)).isBetween(60.0, 69.0);
            assertThat(table.categories().get(0).values()).containsExactly("black", "white");
            Source test = data.test().orElseThrow();
            Map<String, float[]> odd = all(
                    test.rows(new int[] {test.size() - 1}), BatchOptions.evaluation(1, data.statistics(), Device.CPU));
            assertThat(odd.get("table")).containsExactly(1);
            assertThat(odd.get("colour")).containsExactly(CategoryColumn.UNKNOWN);
            assertThat(odd.get("text")).startsWith(1, 1, 1);
            assertThat(odd.get("audio_present")).containsExactly(0);
        }
    }

    @Test
    void anEncodingThatWentThroughJsonMakesTheSameNumbers() throws IOException {
        ToyManifest toy = toy();
        try (DataSets first = toy.open()) {
            String json = json(first);
            try (DataSets again =
                    toy.open(OnCorrupt.FAIL, DataListener.silent(), Optional.of(Encoding.fromJson(json)))) {
                assertThat(again.train().facts()).isEqualTo(first.train().facts());
                assertThat(again.train().fingerprint()).isEqualTo(first.train().fingerprint());
                Map<String, float[]> before = all(first.train(), whole(first));
                all(again.train(), whole(again))
                        .forEach((name, numbers) -> assertThat(numbers).as(name).isEqualTo(before.get(name)));
            }
        }
        assertThatThrownBy(() -> Encoding.fromJson("{\"version\":1}"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("encoding in the model");
    }

    @Test
    void rowsThatCannotBeUsedAreNamedAndLeftOutOrRefused() throws IOException {
        ToyManifest toy = toy();
        Files.writeString(folder.resolve("bad.png"), "no picture");
        Files.write(folder.resolve("bad.wav"), new byte[50]);
        toy.row("p,train,low,bad.png,,words,41,black,south")
                .row("s,train,low,,bad.wav,words,41,black,south")
                .row("n,train,low,,,words,1e,black,south");
        try (DataSets data = toy.open(OnCorrupt.SKIP, DataListener.silent(), Optional.empty())) {
            assertThat(data.skipped())
                    .extracting(Skipped::reason)
                    .containsExactlyInAnyOrder(
                            "image: neither a JPEG nor a PNG file",
                            "audio: expected a WAV (RIFF, RF64) or FLAC (fLaC) file, got one that starts with 00000000",
                            "table: column 'size': expected a finite number, got '1e'");
            assertThat(data.skipped()).allMatch(row -> row.name().startsWith("manifest.csv, line "));
            assertThat(data.train().size() + data.validation().orElseThrow().size())
                    .isEqualTo(48);
        }
        assertThatThrownBy(() -> toy.open())
                .isInstanceOf(DataException.class)
                .hasMessageContaining("manifest.csv, line ");
    }

    @Test
    void rowsWithoutAnyOfTheColumnsAreCountedAndLeftOut() throws IOException {
        Heard heard = new Heard();
        MixedData.Options options =
                new MixedData.Options(Optional.empty(), 0, 1, OnCorrupt.FAIL, folder.resolve("cache"), heard);
        try (DataSets data = MixedData.open(toy().manifest().withInputs(Set.of("image")), options)) {
            assertThat(data.train().size()).isEqualTo(39);
            assertThat(data.train().modalities()).containsExactly("image");
            assertThat(data.skipped()).isEmpty();
            assertThat(heard.notes)
                    .contains("9 of 48 train rows have no value in any column that is an input: left out");
        }
    }

    @Test
    void slicesAreGroupsAndWhatIsMissing() throws IOException {
        try (DataSets data = toy().open()) {
            Source test = data.test().orElseThrow();
            assertThat(test.slices())
                    .extracting(Slice::name)
                    .containsExactly("site north", "site south", "missing image", "missing audio", "missing text");
            assertThat(test.slices().get(0).size()).isEqualTo(8);
            assertThat(test.slices().get(2).rows()).containsExactly(4, 9, 14, 19);
            assertThat(test.having("image")).hasSize(20).doesNotContain(4, 9, 14, 19);
        }
    }

    @Test
    void samplesAreShownAsPicturesSoundsAndCells() throws IOException, CorruptAudioException {
        try (DataSets data = toy().open()) {
            Source test = data.test().orElseThrow();
            List<Exhibit> shown = test.exhibits(1);
            assertThat(shown)
                    .extracting(Exhibit::kind)
                    .containsExactly(Exhibit.Kind.PICTURE, Exhibit.Kind.SOUND, Exhibit.Kind.TEXT, Exhibit.Kind.TEXT);
            byte[] sound = Base64.getDecoder().decode(shown.get(1).content());
            assertThat(AudioFile.decode(sound, AudioLimits.standard()).seconds())
                    .isEqualTo(0.2);
            assertThat(shown.get(2).content()).isEqualTo("text: up in the sky");
            assertThat(shown.get(3).content()).matches("size: 6\\d\\.0, colour: white");
            assertThat(test.exhibits(4)).hasSize(3);
        }
    }

    @Test
    void hiddenModalitiesAreAbsentFromEverySample() throws IOException {
        try (DataSets data = toy().open()) {
            Map<String, float[]> numbers = all(data.train(), whole(data).hiding(Set.of("image", "table")));
            assertThat(numbers.get("image_present")).containsOnly(0);
            assertThat(numbers.get("image")).containsOnly(0);
            assertThat(numbers.get("table_present")).containsOnly(0);
            assertThat(numbers.get("colour")).containsOnly(CategoryColumn.MISSING);
            assertThat(numbers.get("audio_present")).contains(1);
            assertThatThrownBy(() -> new Batches(data.train(), whole(data).hiding(Set.of("smell"))))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("smell");
        }
    }

    @Test
    void modalityDropoutHidesSomeAndAlwaysLeavesOne() throws IOException {
        try (DataSets data = toy().open()) {
            Augmentation often = Augmentation.none().withMixed(new MixedAugmentation(0.9, 0, 0, 0, 0, 0));
            BatchOptions options = BatchOptions.training(36, 3, often, data.statistics(), Device.CPU);
            Map<String, float[]> numbers = all(data.train(), options);
            int present = 0;
            for (int i = 0; i < 36; i++) {
                float of = of(numbers, "image_present")[i]
                        + of(numbers, "audio_present")[i]
                        + of(numbers, "text_present")[i]
                        + of(numbers, "table_present")[i];
                assertThat(of).isGreaterThanOrEqualTo(1);
                present += (int) of;
            }
            // Of 4 * 36, a tenth stays, or one where none would: the mean is 36 * (0.4 + 0.9^4) = 38, the deviation 3.
            assertThat(present).isBetween(36, 60);
            assertThat(all(data.train(), options).get("image")).isEqualTo(numbers.get("image"));
        }
    }

    @Test
    void aModelThatIsNotToldWhatIsHiddenGetsZeros() throws IOException {
        List<String> files = List.of("image", "audio");
        List<String> told = List.of("image", "image_present", "audio", "audio_present");
        try (DataSets data = toy().open();
                Scope scope = Scope.open();
                Cursor plain = new Batches(data.train(), whole(data)).epoch(0, 0);
                Cursor hiding = new Batches(
                                data.train(),
                                whole(data).augmented(Augmentation.none().withMixed(MixedAugmentation.hiding(0.5))))
                        .epoch(0, 0)) {
            Map<String, Tensor> all = plain.next().inputsFor(told);
            Batch some = hiding.next();
            for (String file : files) {
                float[] kept = input(some.inputsFor(told), file);
                float[] whole = input(all, file);
                assertThat(kept).as(file).isEqualTo(whole);
                float[] present = some.input(file + "_present").toFloatArray();
                assertThat(present).as(file).contains(0, 1);
                int size = whole.length / present.length;
                for (int i = 0; i < whole.length; i++) {
                    whole[i] *= present[i / size];
                }
                assertThat(input(some.inputsFor(files), file))
                        .as(file)
                        .isEqualTo(whole)
                        .isNotEqualTo(kept);
            }
        }
    }
}
