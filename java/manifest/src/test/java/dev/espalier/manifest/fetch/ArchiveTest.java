package dev.espalier.manifest.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ArchiveTest {
    private static final Unpacking HOW = new Unpacking("toy", 1, new Limits(6, 100_000), Optional.empty());
    private static final String LONG = "top/" + "folder-with-a-name/".repeat(20) + "ü.txt";

    @TempDir
    Path folder;

    private Archive archive(byte[] packed) throws IOException {
        return new Archive(Files.write(folder.resolve("a.tar.gz"), packed), HOW);
    }

    private List<String> tree() throws IOException {
        try (var all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void unpacksWithoutTheTopFolder() throws IOException {
        byte[] content = FileServer.content(70_000);
        byte[] packed = new TarMaker()
                .folder("top/")
                .file("top/a.bin", content)
                .file("./top/sub/empty", "")
                .file("beside", "stripped away")
                .gzip();
        Archive archive = archive(packed);
        assertThat(archive.unpack(folder.resolve("toy"))).isEqualTo(70_013);
        assertThat(tree()).containsExactly("a.tar.gz", "toy/a.bin", "toy/sub/empty");
        assertThat(folder.resolve("toy/a.bin")).hasBinaryContent(content);
        assertThat(archive.compare(folder.resolve("toy"))).isEqualTo(70_013);
    }

    @Test
    void readsLongNamesAndLargeSizesOfPaxAndGnu() throws IOException {
        byte[] large = "12345".getBytes(StandardCharsets.US_ASCII);
        byte[] packed = new TarMaker()
                .entry(
                        "pax_global_header",
                        'g',
                        "52 comment=0123456789012345678901234567890123456789\n".getBytes(StandardCharsets.US_ASCII))
                .pax("path", LONG)
                .file("top/short", "one")
                .gnuLongName(LONG + "2")
                .file("top/short", "two")
                .pax("size", "5")
                .claim("top/three", "")
                .raw(Arrays.copyOf(large, 512))
                .claim("top/four", "\200\0\0\0\0\0\0\0\0\0\0\005")
                .raw(Arrays.copyOf(large, 512))
                .gzip();
        archive(packed).unpack(folder.resolve("toy"));
        Path deep = folder.resolve("toy").resolve(LONG.substring(4));
        assertThat(deep).hasContent("one");
        assertThat(deep.resolveSibling("ü.txt2")).hasContent("two");
        assertThat(folder.resolve("toy/three")).hasContent("12345");
        assertThat(folder.resolve("toy/four")).hasContent("12345");
    }

    @Test
    void joinsThePrefixOfUstar() throws IOException {
        byte[] head = TarMaker.head("b.txt", '0', "00000000001", "ustar\0" + "00");
        byte[] prefix = "top/far".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(prefix, 0, head, 345, prefix.length);
        int sum = 0;
        Arrays.fill(head, 148, 156, (byte) ' ');
        for (byte b : head) {
            sum += b & 0xFF;
        }
        byte[] text = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, head, 148, 8);
        archive(new TarMaker()
                        .raw(head)
                        .raw(Arrays.copyOf(new byte[] {'x'}, 512))
                        .gzip())
                .unpack(folder.resolve("toy"));
        assertThat(folder.resolve("toy/far/b.txt")).hasContent("x");
    }

    /** Archives that must leave nothing, each with a part of the refusal. */
    static List<Arguments> attacks() {
        TarMaker many = new TarMaker();
        for (int i = 0; i < 7; i++) {
            many.file("top/" + i, "");
        }
        byte[] damaged = new TarMaker().file("top/a", FileServer.content(9000)).gzip();
        damaged[damaged.length - 6]++;
        byte[] wrongSum = TarMaker.head("top/a", '0', "00000000000", "ustar\0" + "00");
        wrongSum[3]++;
        return List.of(
                Arguments.of(
                        "'top/../../x'", new TarMaker().file("top/../../x", "x").gzip()),
                Arguments.of("'/top/x'", new TarMaker().file("/top/x", "x").gzip()),
                Arguments.of(
                        "path",
                        new TarMaker()
                                .pax("path", "top/../../../x")
                                .file("y", "x")
                                .gzip()),
                Arguments.of("path", new TarMaker().file("top/a\\..\\b", "x").gzip()),
                Arguments.of("path", new TarMaker().file("top/a\nb", "x").gzip()),
                Arguments.of(
                        "path",
                        new TarMaker()
                                .pax("path", "top/" + "x/".repeat(600))
                                .file("y", "x")
                                .gzip()),
                Arguments.of(
                        "link",
                        new TarMaker().entry("top/link", '2', new byte[0]).gzip()),
                Arguments.of(
                        "link",
                        new TarMaker().entry("top/link", '1', new byte[0]).gzip()),
                Arguments.of(
                        "device",
                        new TarMaker().entry("top/null", '3', new byte[0]).gzip()),
                Arguments.of(
                        "sparse",
                        new TarMaker()
                                .pax("GNU.sparse.major", "1")
                                .file("top/a", "x")
                                .gzip()),
                Arguments.of(
                        "'a' in the place",
                        new TarMaker().file("top/a", "x").file("top/./a", "y").gzip()),
                Arguments.of(
                        "'b' in the place",
                        new TarMaker().file("top/a", "x").file("top/a/b", "y").gzip()),
                Arguments.of(
                        "'a' in the place",
                        new TarMaker().file("top/a/b", "x").file("top/a", "y").gzip()),
                Arguments.of("6 entries", many.gzip()),
                Arguments.of(
                        "100000 bytes",
                        new TarMaker().file("top/a", new byte[100_001]).gzip()),
                Arguments.of(
                        "100000 bytes",
                        new TarMaker()
                                .file("top/a", new byte[60_000])
                                .file("top/b", new byte[60_000])
                                .gzip()),
                Arguments.of(
                        "100000 bytes",
                        new TarMaker().claim("top/a", "77777777777").gzip()),
                Arguments.of(
                        "too large",
                        new TarMaker()
                                .claim("top/a", "\200\0\0\0\177\377\377\377\377\377\377\377")
                                .gzip()),
                Arguments.of(
                        "too large",
                        new TarMaker()
                                .claim("top/a", "\377\377\377\377\377\377\377\377\377\377\377\377")
                                .gzip()),
                Arguments.of("damaged", new TarMaker().claim("top/a", "-1").gzip()),
                Arguments.of(
                        "damaged",
                        new TarMaker().pax("size", "-1").file("top/a", "x").gzip()),
                Arguments.of(
                        "pax record",
                        new TarMaker()
                                .entry("pax", 'x', "99 path=x\n".getBytes(StandardCharsets.US_ASCII))
                                .gzip()),
                Arguments.of(
                        "pax record",
                        new TarMaker()
                                .entry("pax", 'x', "2 \n".getBytes(StandardCharsets.US_ASCII))
                                .gzip()),
                Arguments.of(
                        "claims",
                        new TarMaker().entry("pax", 'x', new byte[70_000]).gzip()),
                Arguments.of(
                        "ends early",
                        new TarMaker().file("top/a", new byte[5000]).gzipCut(3000)),
                Arguments.of("ends early", new TarMaker().file("top/a", "x").gzipCut(1100)),
                Arguments.of("checksum", new TarMaker().raw(wrongSum).gzip()),
                Arguments.of(
                        "header", new TarMaker().raw(FileServer.content(2000)).gzip()),
                Arguments.of(
                        "behind its end", new TarMaker().raw(new byte[2 << 20]).gzip()),
                Arguments.of("GZIP", "no archive".getBytes(StandardCharsets.US_ASCII)),
                Arguments.of("trailer", damaged));
    }

    @ParameterizedTest(name = "{index} {0}")
    @MethodSource("attacks")
    void whatIsHostileOrDamagedLeavesNothing(String named, byte[] packed) throws IOException {
        Path inner = Files.createDirectories(folder.resolve("in"));
        Archive archive = new Archive(Files.write(inner.resolve("a.tar.gz"), packed), HOW);
        assertThatThrownBy(() -> archive.unpack(inner.resolve("toy")))
                .isInstanceOf(DataException.class)
                .hasMessageContainingAll("a.tar.gz", named);
        assertThat(tree()).containsExactly("in/a.tar.gz");
        assertThat(inner.resolve(".toy.part")).doesNotExist();
    }

    @Test
    void whatChangedInTheFolderIsNamed() throws IOException {
        Archive archive =
                archive(new TarMaker().file("top/a", "one").file("top/b", "two").gzip());
        Path toy = folder.resolve("toy");
        archive.unpack(toy);
        Files.writeString(toy.resolve("b"), "twO");
        assertThatThrownBy(() -> archive.compare(toy))
                .isInstanceOf(DataException.class)
                .hasMessageContainingAll("b", "another");
        Files.writeString(toy.resolve("b"), "two!");
        assertThatThrownBy(() -> archive.compare(toy))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("another");
        Files.delete(toy.resolve("b"));
        assertThatThrownBy(() -> archive.compare(toy))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none");
    }

    @Test
    void contentIsCheckedWhereTheArchiveCannotBe() throws IOException {
        byte[] packed = new TarMaker()
                .file("top/in/b.txt", "2")
                .file("top/in/a.txt", "1")
                .file("top/readme", "-")
                .gzip();
        Sha256 right = FileServer.sha256("a.txt1b.txt2".getBytes(StandardCharsets.US_ASCII));
        assertThat(complaint(packed, new ContentCheck("in", ".txt", 2, right))).isEmpty();
        assertThat(complaint(packed, new ContentCheck("in", ".txt", 3, right))).contains("expected 3", "got 2");
        assertThat(complaint(packed, new ContentCheck("out", ".txt", 2, right))).contains("folder out");
        Sha256 wrong = FileServer.sha256(new byte[0]);
        assertThat(complaint(packed, new ContentCheck("in", ".txt", 2, wrong))).contains(wrong.hex(), right.hex());
    }

    private String complaint(byte[] packed, ContentCheck check) throws IOException {
        Path inner = Files.createTempDirectory(folder, "try");
        Path file = Files.write(inner.resolve("a.tar.gz"), packed);
        Unpacking how = new Unpacking("toy", 1, HOW.limits(), Optional.of(check));
        try {
            new Archive(file, how).unpack(inner.resolve("toy"));
            assertThat(inner.resolve("toy/in/a.txt")).hasContent("1");
            return "";
        } catch (FetchException e) {
            assertThat(inner.resolve("toy")).doesNotExist();
            assertThat(inner.resolve("a.tar.gz.bad")).hasBinaryContent(packed);
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void aSetIsFetchedUnpackedAndLeftAlone() throws IOException {
        byte[] packed = new TarMaker().file("top/a", "one").gzip();
        try (FileServer server = new FileServer()) {
            RemoteFile file = server.offer("b.tar.gz", packed);
            KnownSet set = new KnownSet("toy", "a toy", List.of(file), Optional.of(HOW), "none", "toy/a");
            Fetch fetch = new Fetch(FetchOptions.defaults());
            assertThat(fetch.into(folder, set).items())
                    .extracting(Fetched.Item::state)
                    .containsExactly(Fetched.State.FETCHED, Fetched.State.UNPACKED);
            assertThat(fetch.into(folder, set).items())
                    .extracting(Fetched.Item::state)
                    .containsExactly(Fetched.State.PRESENT, Fetched.State.PRESENT);
            Files.delete(folder.resolve("b.tar.gz"));
            assertThat(fetch.into(folder, set).items())
                    .containsExactly(new Fetched.Item("toy", Fetched.State.UNCHECKED, 0));
            assertThat(server.requests).hasSize(1);
        }
    }
}
