package dev.espalier.manifest.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.DataException;
import dev.espalier.data.OnCorrupt;
import dev.espalier.manifest.Heard;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files damaged at random are read or refused in one line; how many is the system property {@code espalier.fuzz.count}. */
class TableFuzzTest {
    private static final int COUNT = Integer.getInteger("espalier.fuzz.count", 200);
    private static final String CSV =
            "id,label,\"te\"\"xt\"\r\n1,a,\"one, \"\"two\"\"\nthree\"\r\n2,,é\r\n\r\n3,b,💐 four\r\n";
    private static final String JSON = """
            {"id": 1, "label": "a", "text": "one, \\"two\\"\\nthree"}
            {"id": 2.5e3, "label": null, "text": "é"}
            {"id": 3, "label": true, "more": "\\ud83d\\udc90 four"}
            """;
    private static final byte[] TELLING = {
        '"', ',', '\n', '\r', '\t', '\\', '{', '}', '[', ':', 0, (byte) 0xC3, (byte) 0xFF
    };

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"csv, 1", "tsv, 2", "jsonl, 3"})
    void damagedFilesAreReadOrRefused(String extension, long seed) throws IOException {
        byte[] whole = switch (extension) {
            case "csv" -> CSV.getBytes(StandardCharsets.UTF_8);
            case "tsv" -> CSV.replace(',', '\t').getBytes(StandardCharsets.UTF_8);
            default -> JSON.getBytes(StandardCharsets.UTF_8);
        };
        Random random = new Random(seed);
        for (int i = 0; i < COUNT; i++) {
            Path file = Files.write(folder.resolve("t." + extension), damaged(whole, random));
            readOrRefused(file, i % 2 == 0 ? OnCorrupt.SKIP : OnCorrupt.FAIL, 1 + random.nextInt(40));
        }
    }

    private static void readOrRefused(Path file, OnCorrupt policy, int cellLimit) throws IOException {
        Heard heard = new Heard();
        TableOptions options = TableOptions.defaults()
                .withListener(heard)
                .withOnCorrupt(policy)
                .withCellLimit(cellLimit);
        try {
            Table table = Tables.read(file, options);
            assertThat(table.size()).isPositive();
            assertThat(table.rows())
                    .allSatisfy(row -> assertThat(row.cells())
                            .hasSize(table.columns().size())
                            .allSatisfy(cell ->
                                    assertThat(cell == null ? 1 : cell.length()).isBetween(1, cellLimit)));
        } catch (DataException e) {
            assertThat(e.getMessage())
                    .as(() -> shown(file))
                    .matches("\\P{Cntrl}+")
                    .hasSizeLessThan(1000);
        } catch (RuntimeException e) {
            throw new AssertionError(shown(file), e);
        }
        assertThat(heard.skipped)
                .allSatisfy(skipped ->
                        assertThat(skipped.reason()).matches("\\P{Cntrl}+").hasSizeLessThan(300));
        assertThat(policy == OnCorrupt.FAIL && !heard.skipped.isEmpty()).isFalse();
    }

    private static byte[] damaged(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        for (int edit = random.nextInt(4); edit >= 0; edit--) {
            int at = random.nextInt(bytes.length);
            byte telling = TELLING[random.nextInt(TELLING.length)];
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] = telling;
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes = spliced(bytes, at, new byte[] {telling}, at);
                case 3 -> bytes = Arrays.copyOf(bytes, at + 1);
                default -> {
                    int end = at + random.nextInt(bytes.length - at);
                    bytes = spliced(bytes, end, Arrays.copyOfRange(bytes, at, end), random.nextBoolean() ? at : end);
                }
            }
        }
        return bytes;
    }

    /** {@code bytes} up to {@code to}, then {@code middle}, then {@code bytes} from {@code from}. */
    private static byte[] spliced(byte[] bytes, int to, byte[] middle, int from) {
        byte[] joined = Arrays.copyOf(bytes, to + middle.length + bytes.length - from);
        System.arraycopy(middle, 0, joined, to, middle.length);
        System.arraycopy(bytes, from, joined, to + middle.length, bytes.length - from);
        return joined;
    }

    private static String shown(Path file) {
        try {
            return OneLine.of(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return file.toString();
        }
    }
}
