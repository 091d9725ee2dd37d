package dev.espalier.formats.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.Golden;
import dev.espalier.formats.keras.Keras;
import dev.espalier.formats.keras.KerasTest;
import dev.espalier.runtime.testing.NoLeaks;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of Keras whose settings, not their weights, are large. */
@NoLeaks
class CraftedKerasFilesTest {
    private static final Outcome.Reader READER = file -> Keras.read(file).close();

    @TempDir
    Path folder;

    @BeforeAll
    static void loadClasses() {
        for (String name : new String[] {"functional.keras", "table.h5"}) {
            Outcome.of(READER, Golden.file(KerasTest.class, name), 0);
        }
    }

    private static String layer(String className, String name, String settings) {
        return "{\"class_name\": \"" + className + "\", \"config\": {\"name\": \"" + name + "\"" + settings + "}}";
    }

    private static String input(long channels) {
        return layer("InputLayer", "x", ", \"batch_shape\": [null, " + channels + "]");
    }

    private static String sequential(String... layers) {
        return "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"m\", \"layers\": ["
                + String.join(", ", layers) + "]}}";
    }

    /** An archive with these layers and the weights of the functional network, in which the first normalisation has no scale. */
    private String archive(String... layers) throws IOException {
        Map<String, byte[]> entries =
                ZipEdits.unpack(Files.readAllBytes(Golden.file(KerasTest.class, "functional.keras")));
        entries.put("config.json", sequential(layers).getBytes(StandardCharsets.UTF_8));
        Path file = Files.write(folder.resolve("m.keras"), ZipEdits.pack(entries, false));
        return Crafted.verdict(READER, file);
    }

    @Test
    void aMissingScaleIsFilledInOnlyWhereTheStatisticsFit() throws IOException {
        assertThat(archive(input(Integer.MAX_VALUE), layer("BatchNormalization", "n", ", \"scale\": false")))
                .contains("along axis");
    }

    @Test
    void aMissingScaleIsFilledInOnlyWhereTheFileIsLargeEnough() throws IOException {
        String settings = ", \"scale\": false, \"center\": false";
        assertThat(archive(input(500_000_000), layer("LayerNormalization", "n", settings)))
                .contains("bytes of memory");
        String[] layers = Stream.concat(
                        Stream.of(input(1 << 16)),
                        IntStream.range(0, 2000).mapToObj(i -> layer("LayerNormalization", "n" + i, settings)))
                .toArray(String[]::new);
        assertThat(archive(layers)).contains("bytes of memory");
        assertThat(archive(input(1 << 10), layer("LayerNormalization", "n", settings)))
                .isEqualTo("accepted");
    }

    @Test
    void statisticsOfOneNumberAreSpreadOnlyWhereTheFileIsLargeEnough() throws IOException {
        String settings = ", \"mean\": 0, \"variance\": 1";
        assertThat(archive(input(500_000_000), layer("Normalization", "n", settings)))
                .contains("bytes of memory");
        assertThat(archive(input(1 << 10), layer("Normalization", "n", settings)))
                .isEqualTo("accepted");
    }

    /** A megabyte of weights that a layer names so many times. */
    private String named(int times) throws IOException {
        String[] names = new String[times];
        Arrays.fill(names, "w");
        Path file = folder.resolve("m" + times + ".h5");
        try (WritableHdfFile h5 = HdfFile.write(file)) {
            h5.putAttribute("model_config", sequential(input(4), layer("Dense", "d", "")));
            h5.putAttribute("keras_version", "2.15.0");
            WritableGroup layer = h5.putGroup("model_weights").putGroup("d");
            layer.putAttribute("weight_names", names);
            layer.putDataset("w", new float[1 << 18]);
        }
        return Crafted.verdict(READER, file);
    }

    @Test
    void aWeightIsNotReadWithoutEnd() throws IOException {
        assertThat(named(2)).contains("got array of shape");
        assertThat(named(2000)).contains("bytes of memory");
    }

    /** Each use of the layer brings its kernel into the graph's form. */
    @Test
    void aLayerIsNotUsedWithoutEnd() throws IOException {
        StringBuilder uses = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            uses.append(i == 0 ? "" : ", ").append("[[\"x\", 0, 0, {}]]");
        }
        String dense = layer("Dense", "d", ", \"use_bias\": false");
        String used = dense.substring(0, dense.length() - 1) + ", \"inbound_nodes\": [" + uses + "]}";
        String config = "{\"class_name\": \"Functional\", \"config\": {\"name\": \"m\", \"layers\": [" + input(512)
                + ", " + used + "], \"output_layers\": [[\"d\", 0, 0]]}}";
        Path file = folder.resolve("uses.h5");
        try (WritableHdfFile h5 = HdfFile.write(file)) {
            h5.putAttribute("model_config", config);
            WritableGroup layer = h5.putGroup("model_weights").putGroup("d");
            layer.putAttribute("weight_names", new String[] {"w"});
            layer.putDataset("w", new float[512][512]);
        }
        assertThat(Crafted.verdict(READER, file)).contains("bytes of memory");
    }
}
