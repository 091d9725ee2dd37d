package dev.espalier.manifest.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Answers;
import dev.espalier.data.Batch;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Scale;
import dev.espalier.data.Source;
import dev.espalier.data.Task;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.ManifestFile;
import dev.espalier.manifest.table.TableOptions;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NoLeaks
class LabelReaderTest {
    @TempDir
    Path folder;

    private Manifest manifest(String kind, String... rows) throws IOException {
        Files.writeString(folder.resolve("m.csv"), "split,label,size\n" + String.join("\n", rows) + "\n");
        return ManifestFile.read(
                Map.of(
                        "files",
                        "m.csv",
                        "label",
                        Map.of("kind", kind),
                        "columns",
                        Map.of("split", "split", "label", "label", "size", "numeric")),
                folder,
                TableOptions.defaults());
    }

    private DataSets open(Manifest manifest, Optional<Encoding> encoding) {
        return MixedData.open(
                manifest,
                new MixedData.Options(encoding, 0, 1, OnCorrupt.FAIL, folder.resolve("cache"), DataListener.silent()));
    }

    private static Encoding encoding(Source source) {
        return Encoding.fromJson(String.valueOf(source.facts().get(Encoding.FACT)));
    }

    @Test
    void anyNumberOfLabelsIsARowOfOnesAndZeros() throws IOException {
        Manifest manifest = manifest("multi", "train,b|a,1", "train,,2", "train, c ,3", "test,a|c,4");
        try (DataSets data = open(manifest, Optional.empty());
                Scope scope = Scope.open();
                Cursor cursor = new Batches(data.train(), BatchOptions.evaluation(3, data.statistics(), Device.CPU))
                        .epoch(0, 0)) {
            assertThat(data.classes()).containsExactly("a", "b", "c");
            Batch batch = cursor.next();
            assertThat(batch.task()).isEqualTo(Task.LABELS);
            assertThat(batch.labels().toFloatArray()).containsExactly(1, 1, 0, 0, 0, 0, 0, 0, 1);
            assertThat(data.train().rows(new int[] {2, 0}).answers().values()).containsExactly(0, 0, 1, 1, 1, 0);
            assertThatThrownBy(() -> data.train().labels()).hasMessageContaining("one class for each sample");
        }
    }

    /** Another manifest may lack labels and have them in another order: their names decide. */
    @Test
    void theModelsLabelsAreFoundByName() throws IOException {
        Encoding trained;
        try (DataSets data = open(manifest("multi", "train,b|a,1", "train,c,3"), Optional.empty())) {
            trained = encoding(data.train());
        }
        try (DataSets data = open(manifest("multi", "train,c,1", "train,b,2"), Optional.of(trained))) {
            assertThat(data.classes()).containsExactly("a", "b", "c");
            assertThat(data.train().answers().values()).containsExactly(0, 0, 1, 0, 1, 0);
        }
        Manifest other = manifest("multi", "train,c,1", "train,d,2");
        assertThatThrownBy(() -> open(other, Optional.of(trained)))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("m.csv, line 3: label: expected one of a, b, c, got 'd'");
        Manifest numbers = manifest("number", "train,1,1", "train,2,2");
        assertThatThrownBy(() -> open(numbers, Optional.of(trained)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected kind multi, for which the model was trained, got number");
    }

    @Test
    void numbersAreOnTheScaleOfTheTrainingRows() throws IOException {
        Encoding trained;
        try (DataSets data =
                open(manifest("number", "train,-50,1", "train,150,2", "train,50,3", "test,250,4"), Optional.empty())) {
            trained = encoding(data.train());
            assertThat(trained.scale()).isEqualTo(new Scale(-50, 150));
            assertThat(data.classes()).isEmpty();
            assertThat(data.train().answers().values()).containsExactly(0, 1, 0.5f);
            Answers test = data.test().orElseThrow().answers();
            assertThat(test.values()).containsExactly(1.5f);
            assertThat(test.number(0)).isCloseTo(250, within(200.0 * Math.ulp(1.5f)));
            try (DataSets moved =
                    open(manifest("number", "train,-50,1", "train,151,2", "train,50,3"), Optional.of(trained))) {
                assertThat(moved.train().answers().values()[1]).isCloseTo(1.005f, within(Math.ulp(1f)));
                assertThat(moved.train().fingerprint())
                        .isNotEqualTo(data.train().fingerprint());
            }
        }
        Manifest same = manifest("number", "train,5,1", "train,5,2");
        assertThatThrownBy(() -> open(same, Optional.empty()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("numbers that differ in the training rows, got only 5.0");
    }

    @Test
    void anEncodingOfBeforeThereWereNumbersIsRead() throws IOException {
        try (DataSets data = open(manifest("class", "train,x,1", "train,y,2"), Optional.empty())) {
            String json = encoding(data.train()).toJson().replace(",\"low\":0.0,\"high\":1.0", "");
            assertThat(json).doesNotContain("low");
            assertThat(Encoding.fromJson(json).scale()).isEqualTo(Scale.UNIT);
            assertThat(Encoding.fromJson(json).label())
                    .isEqualTo(encoding(data.train()).label());
        }
    }
}
