package dev.espalier.manifest.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FetchTest {
    private static final byte[] CONTENT = FileServer.content(300_000);

    @TempDir
    Path folder;

    private FileServer server;
    private final List<String> notes = new ArrayList<>();

    @BeforeEach
    void serve() throws IOException {
        server = new FileServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private FetchOptions patient(int attempts) {
        FetchListener listener = new FetchListener() {
            @Override
            public void note(String message) {
                notes.add(message);
            }
        };
        return FetchOptions.defaults()
                .withPatience(new Patience(attempts, Duration.ofMillis(1), Duration.ofSeconds(20)))
                .withListener(listener);
    }

    private static KnownSet set(RemoteFile... files) {
        return new KnownSet("toy", "a toy", List.of(files), Optional.empty(), "none", "files");
    }

    private Fetched fetch(int attempts, RemoteFile... files) {
        return new Fetch(patient(attempts)).into(folder, set(files));
    }

    private List<String> left() throws IOException {
        try (var inside = Files.list(folder)) {
            return inside.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatIsThereIsCheckedAndNotFetchedAgain() throws IOException {
        RemoteFile a = server.offer("a.bin", CONTENT);
        RemoteFile b = server.offer("b.bin", new byte[] {1});
        assertThat(fetch(1, a, b).items())
                .containsExactly(
                        new Fetched.Item("a.bin", Fetched.State.FETCHED, CONTENT.length),
                        new Fetched.Item("b.bin", Fetched.State.FETCHED, 1));
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
        assertThat(left()).containsExactly("a.bin", "b.bin");
        assertThat(fetch(1, a, b).items()).extracting(Fetched.Item::state).containsOnly(Fetched.State.PRESENT);
        assertThat(server.requests).containsExactly("/a.bin", "/b.bin");
    }

    @Test
    void aCutConnectionIsGoneOnWith() {
        RemoteFile file = server.cutAfter(1000).cutAfter(500).offer("a.bin", CONTENT);
        fetch(2, file);
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
        assertThat(server.requests)
                .containsExactly("/a.bin", "/a.bin bytes=1000- \"one\"", "/a.bin bytes=1500- \"one\"");
        assertThat(notes).hasSize(2).allMatch(note -> note.startsWith("a.bin: ") && note.contains("trying again"));
    }

    @Test
    void anotherProcessGoesOnWithIt() throws IOException {
        RemoteFile file = server.cutAfter(1000).offer("a.bin", CONTENT);
        assertThatThrownBy(() -> fetch(1, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContainingAll("/a.bin", "given up after 1 attempts", "--from");
        assertThat(left()).containsExactly("a.bin.part", "a.bin.part.tag");
        fetch(1, file);
        assertThat(server.requests).element(1).isEqualTo("/a.bin bytes=1000- \"one\"");
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
        assertThat(left()).containsExactly("a.bin");
    }

    @Test
    void aFileThatChangedMeanwhileIsFetchedFromTheBeginning() {
        server.cutAfter(1000).offer("a.bin", FileServer.content(400_000));
        RemoteFile old = new RemoteFile("a.bin", server.address("a.bin"), 0, Optional.empty());
        assertThatThrownBy(() -> new Fetch(patient(1)).into(folder, checkedElsewhere(old)))
                .isInstanceOf(FetchException.class);
        server.tag = "\"two\"";
        fetch(1, server.offer("a.bin", CONTENT));
        assertThat(server.requests).element(1).isEqualTo("/a.bin bytes=1000- \"one\"");
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    private static KnownSet checkedElsewhere(RemoteFile file) {
        ContentCheck check = new ContentCheck("in", ".txt", 1, FileServer.sha256(new byte[0]));
        Unpacking how = new Unpacking("toy", 0, new Limits(10, 1 << 20), Optional.of(check));
        return new KnownSet("toy", "a toy", List.of(file), Optional.of(how), "none", "files");
    }

    @Test
    void aServerWithoutRangesIsAskedForAllAgain() {
        server.ranges = false;
        RemoteFile file = server.cutAfter(1000).offer("a.bin", CONTENT);
        fetch(3, file);
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void withoutAValidatorNothingIsGoneOnWith() {
        server.tag = "";
        RemoteFile file = server.cutAfter(1000).offer("a.bin", CONTENT);
        fetch(3, file);
        assertThat(server.requests).containsExactly("/a.bin", "/a.bin");
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void aPartThatIsLongerThanTheFileIsDropped() throws IOException {
        RemoteFile file = server.offer("a.bin", CONTENT);
        Files.write(folder.resolve("a.bin.part"), new byte[CONTENT.length + 1]);
        Files.writeString(folder.resolve("a.bin.part.tag"), "\"one\"");
        fetch(1, file);
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void aWholePartIsOnlyChecked() throws IOException {
        RemoteFile file = server.offer("a.bin", CONTENT);
        Files.write(folder.resolve("a.bin.part"), CONTENT);
        fetch(1, file);
        assertThat(server.requests).isEmpty();
        assertThat(left()).containsExactly("a.bin");
    }

    @Test
    void aRangeThatBeginsElsewhereIsNotTaken() {
        RemoteFile file = server.cutAfter(1000)
                .next((exchange, bytes) -> {
                    exchange.getResponseHeaders().add("Content-Range", "bytes 7-299999/300000");
                    exchange.sendResponseHeaders(206, bytes.length - 7);
                    exchange.getResponseBody().write(bytes, 7, bytes.length - 7);
                })
                .offer("a.bin", CONTENT);
        fetch(3, file);
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void aWrongDigestNamesBothAndKeepsWhatCame() throws IOException {
        byte[] other = CONTENT.clone();
        other[77]++;
        RemoteFile file = server.offer("a.bin", CONTENT);
        server.offer("a.bin", other);
        assertThatThrownBy(() -> fetch(3, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContainingAll(
                        FileServer.sha256(CONTENT).hex(),
                        FileServer.sha256(other).hex(),
                        "a.bin.bad");
        assertThat(left()).containsExactly("a.bin.bad");
        assertThat(folder.resolve("a.bin.bad")).hasBinaryContent(other);
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void anotherLengthIsRefusedBeforeItIsFetched() {
        RemoteFile file = server.offer("a.bin", CONTENT);
        server.offer("a.bin", Arrays.copyOf(CONTENT, 100));
        assertThatThrownBy(() -> fetch(3, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContainingAll("300000", "100", "another file");
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void aBodyWithoutAnEndIsRefused() {
        RemoteFile file = server.next((exchange, bytes) -> {
                    exchange.sendResponseHeaders(200, 0);
                    exchange.getResponseBody().write(bytes);
                    exchange.getResponseBody().write(bytes);
                })
                .offer("a.bin", CONTENT);
        assertThatThrownBy(() -> fetch(3, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContaining("300000");
    }

    @Test
    void redirectsAreFollowed() {
        server.offer("b.bin", CONTENT);
        RemoteFile file = new RemoteFile(
                "a.bin", server.address("a.bin"), CONTENT.length, Optional.of(FileServer.sha256(CONTENT)));
        server.redirect("/c.bin").redirect(server.address("b.bin").toString());
        fetch(1, file);
        assertThat(server.requests).containsExactly("/a.bin", "/c.bin", "/b.bin");
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void redirectsThatLeadNowhereAreRefused() {
        RemoteFile file = server.offer("a.bin", CONTENT);
        server.redirect("file:///etc/passwd");
        assertThatThrownBy(() -> fetch(1, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContaining("file:///etc/passwd");
        server.redirect("http://bad host/");
        assertThatThrownBy(() -> fetch(1, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContaining("no address");
        for (int i = 0; i < 11; i++) {
            server.redirect("/a.bin");
        }
        assertThatThrownBy(() -> fetch(1, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContaining("10 redirects");
    }

    @Test
    void whatIsNotThereIsNotAskedForTwice() {
        RemoteFile file = server.status(404).offer("a.bin", CONTENT);
        assertThatThrownBy(() -> fetch(5, file))
                .isInstanceOf(FetchException.class)
                .hasMessageContainingAll("a.bin", "404", "--from");
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void aServerInTroubleIsAskedAgain() {
        RemoteFile file = server.status(503).status(500).status(429).offer("a.bin", CONTENT);
        fetch(4, file);
        assertThat(server.requests).hasSize(4);
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void aSilentServerIsLeftAndAskedAgain() {
        RemoteFile file = server.silentAfter(1000).offer("a.bin", CONTENT);
        Patience impatient = new Patience(2, Duration.ofMillis(1), Duration.ofMillis(300));
        new Fetch(patient(2).withPatience(impatient)).into(folder, set(file));
        assertThat(server.requests).element(1).isEqualTo("/a.bin bytes=1000- \"one\"");
        assertThat(notes).first().asString().contains("fell silent");
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void aForeignFileStays() throws IOException {
        RemoteFile file = server.offer("a.bin", CONTENT);
        Files.writeString(folder.resolve("a.bin"), "mine");
        assertThatThrownBy(() -> fetch(1, file))
                .isInstanceOf(DataException.class)
                .hasMessageContainingAll("a.bin", file.sha256().get().hex(), "left as it is");
        assertThat(folder.resolve("a.bin")).hasContent("mine");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void aMirrorStandsForTheAddress() {
        server.put("/mirror/a.bin", CONTENT);
        RemoteFile file = RemoteFile.of(
                "a.bin",
                "http://nowhere.invalid/x/",
                CONTENT.length,
                FileServer.sha256(CONTENT).hex());
        FetchOptions options = patient(1).withMirror(server.address("mirror").toString());
        new Fetch(options).into(folder, set(file));
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
        assertThatThrownBy(() -> options.withMirror("ftp://host/x")).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> options.withMirror("nonsense at all")).isInstanceOf(DataException.class);
    }

    @Test
    void oneProcessAtATimeHoldsAPart() {
        RemoteFile file = server.offer("a.bin", CONTENT);
        PartFile held = new PartFile(folder.resolve("a.bin"));
        try (held) {
            assertThatThrownBy(() -> fetch(1, file))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("another process");
        }
        fetch(1, file);
        assertThat(folder.resolve("a.bin")).hasBinaryContent(CONTENT);
    }

    @Test
    void pausesDoubleUpToAMinuteAndHeedTheServer() {
        Patience patience = new Patience(9, Duration.ofSeconds(1), Duration.ofSeconds(1));
        assertThat(patience.after(1, Duration.ZERO)).isEqualTo(Duration.ofSeconds(1));
        assertThat(patience.after(3, Duration.ZERO)).isEqualTo(Duration.ofSeconds(4));
        assertThat(patience.after(3, Duration.ofSeconds(9))).isEqualTo(Duration.ofSeconds(9));
        assertThat(patience.after(90, Duration.ofDays(1))).isEqualTo(Patience.LONGEST);
    }
}
