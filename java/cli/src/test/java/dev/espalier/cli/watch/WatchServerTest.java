package dev.espalier.cli.watch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Nothing here is timed; the limit ends a test that would wait for ever. */
@Timeout(120)
class WatchServerTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final LiveRun run = new LiveRun("a <run>");
    private WatchServer server;

    @BeforeEach
    void serve() throws IOException {
        server = WatchServer.start(run, ANY_PORT);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.address().getPort() + path));
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** One server-sent event. */
    private record Event(String id, String name, JsonNode data) {}

    /** A page that listens. */
    private final class Page implements AutoCloseable {
        private final InputStream body;
        private final BufferedReader lines;

        Page(String... headers) throws IOException, InterruptedException {
            HttpRequest.Builder request = request("/events");
            for (int i = 0; i < headers.length; i += 2) {
                request.header(headers[i], headers[i + 1]);
            }
            HttpResponse<InputStream> response =
                    client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
            body = response.body();
            lines = new BufferedReader(new InputStreamReader(body, UTF_8));
            assertThat(lines.readLine()).isEqualTo("retry: 2000");
            assertThat(lines.readLine()).isEmpty();
        }

        Event next() throws IOException {
            String id = after("id: ");
            String name = after("event: ");
            JsonNode data = JsonMapper.shared().readTree(after("data: "));
            assertThat(lines.readLine()).isEmpty();
            return new Event(id, name, data);
        }

        private String after(String prefix) throws IOException {
            String line = lines.readLine();
            assertThat(line).startsWith(prefix);
            return line.substring(prefix.length());
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    private static List<String> notes(Event event) {
        List<String> notes = new ArrayList<>();
        event.data().get("notes").forEach(note -> notes.add(note.get("text").asString()));
        return notes;
    }

    @Test
    void thePageAllowsItsOwnScriptAndStyleAlone() throws Exception {
        HttpResponse<String> page = get("/?x=1");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'; script-src 'sha256-")
                .contains("connect-src 'self'")
                .doesNotContain("unsafe");
        assertThat(page.body()).startsWith("<!doctype html>").doesNotContain("a <run>");
    }

    @Test
    void theStateIsJson() throws Exception {
        run.note("hello");
        HttpResponse<String> state = get("/state");
        assertThat(state.headers().firstValue("Content-Type")).hasValue("application/json; charset=utf-8");
        JsonNode json = JsonMapper.shared().readTree(state.body());
        assertThat(json.at("/header/title").asString()).isEqualTo("a <run>");
        assertThat(json.at("/header/ending").isNull()).isTrue();
        assertThat(json.at("/header/pace/samplesPerSecond").isNull()).isTrue();
        assertThat(json.at("/notes/0/text").asString()).isEqualTo("hello");
    }

    @Test
    void aNewPageHearsAllAndThenWhatIsNew() throws Exception {
        run.note("one");
        try (Page page = new Page()) {
            Event whole = page.next();
            assertThat(whole.name()).isEqualTo("state");
            assertThat(notes(whole)).containsExactly("one");
            run.note("two\nlines");
            Event update = page.next();
            assertThat(update.name()).isEqualTo("update");
            assertThat(notes(update)).containsExactly("two\nlines");
        }
    }

    @Test
    void aPageThatComesBackHearsWhatItMissed() throws Exception {
        String seen;
        try (Page page = new Page()) {
            page.next();
            run.note("one");
            seen = page.next().id();
        }
        run.note("two");
        try (Page page = new Page("Last-Event-ID", seen)) {
            Event missed = page.next();
            assertThat(missed.name()).isEqualTo("update");
            assertThat(notes(missed)).containsExactly("two");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "deadbeef-1", "?-99", "?--1", "?-", "?-x", "?-99999999999999999999"})
    void aPageThatSawAnotherRunOrTheFutureHearsAll(String seen) throws Exception {
        String name;
        try (Page page = new Page()) {
            name = page.next().id().replaceFirst("-.*", "");
        }
        try (Page page = new Page("Last-Event-ID", seen.replace("?", name))) {
            assertThat(page.next().name()).isEqualTo("state");
        }
    }

    /** More messages than are kept, each heard by a page that stays. */
    @Test
    void aPageThatStayedAwayTooLongHearsAll() throws Exception {
        String seen;
        try (Page page = new Page()) {
            seen = page.next().id();
            for (int i = 0; i <= Broadcast.KEPT; i++) {
                run.note("note " + i);
                try (Page other = new Page()) { // a newcomer makes the server tell what is new
                    assertThat(other.next().name()).isEqualTo("state");
                }
                page.next();
            }
        }
        try (Page page = new Page("Last-Event-ID", seen)) {
            Event whole = page.next();
            assertThat(whole.name()).isEqualTo("state");
            assertThat(notes(whole)).hasSize(Broadcast.KEPT + 1);
        }
    }

    @Test
    void theEndIsToldToAllPages() throws Exception {
        try (Page one = new Page();
                Page two = new Page()) {
            run.done();
            server.close();
            for (Page page : List.of(one, two)) {
                Event event = page.next();
                while (event.name().equals("state")) {
                    event = page.next();
                }
                assertThat(event.name()).isEqualTo("update");
                assertThat(event.data().at("/header/ending/done").asBoolean()).isTrue();
                assertThat(page.next().name()).isEqualTo("end");
                assertThat(page.lines.read()).isEqualTo(-1);
            }
        }
        assertThatThrownBy(() -> get("/state")).isInstanceOf(IOException.class);
    }

    @Test
    void aSilentRunShowsThatItIsStillThere() throws Exception {
        server.close();
        server = WatchServer.start(run, ANY_PORT, Duration.ofMillis(1));
        try (Page page = new Page()) {
            page.next();
            assertThat(page.lines.readLine()).isEqualTo(": still here");
        }
    }

    /** A page that reads nothing is dropped as soon as the connection and its queue are full, and another one goes on hearing. */
    @Test
    void aPageThatReadsNothingIsDroppedAndDelaysNobody() throws Exception {
        try (Socket slow = new Socket(ANY_PORT.getAddress(), server.address().getPort())) {
            slow.getOutputStream()
                    .write("GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
                            .getBytes(UTF_8));
            while (server.pages() < 1) {
                Thread.onSpinWait();
            }
            try (Page quick = new Page()) {
                quick.next();
                for (int i = 0; server.pages() == 2; i++) {
                    for (int j = 0; j < LiveRun.MOST_NOTES / 2; j++) {
                        run.note("x".repeat(10_000));
                    }
                    run.note("round " + i);
                    server.tell();
                    readUntil(quick, "round " + i);
                }
                run.note("last");
                readUntil(quick, "last");
            }
        }
    }

    private static void readUntil(Page page, String note) throws IOException {
        List<String> notes = List.of();
        while (!notes.contains(note)) {
            notes = notes(page.next());
        }
    }

    @Test
    void manyPagesListenAndOneTooManyIsSentAway() throws Exception {
        List<Page> pages = new ArrayList<>();
        try {
            for (int i = 0; i < WatchServer.MOST_PAGES; i++) {
                pages.add(new Page());
            }
            HttpResponse<String> refused = get("/events");
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
            assertThat(get("/").statusCode()).isEqualTo(200);
            run.note("for all");
            for (Page page : pages) {
                Event event = page.next();
                if (event.name().equals("state") && notes(event).isEmpty()) {
                    event = page.next();
                }
                assertThat(notes(event)).containsExactly("for all");
            }
        } finally {
            for (Page page : pages) {
                page.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/favicon.ico", "/events/", "/state/x", "/%2F", "/../", "/%2e%2e/etc/passwd", "/index.html"})
    void otherPathsAreNotFound(String path) throws Exception {
        assertThat(get(path).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "HEAD", "OPTIONS"})
    void otherMethodsAreRefused(String method) throws Exception {
        for (String path : List.of("/", "/events", "/state", "/none")) {
            HttpResponse<String> response = client.send(
                    request(path)
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(405);
            assertThat(response.headers().firstValue("Allow")).hasValue("GET");
        }
    }

    /** The first line of the answer to a request that names {@code host}. */
    private String statusFor(@Nullable String host) throws IOException {
        InetSocketAddress at = server.address();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), at.getPort())) {
            String line = host == null ? "" : "Host: " + host + "\r\n";
            socket.getOutputStream()
                    .write(("GET /state HTTP/1.1\r\n" + line + "Connection: close\r\n\r\n").getBytes(UTF_8));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)).readLine();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost:8080", "LocalHost", "[::1]:80", "127.0.0.1:"})
    void namesOfThisMachineAreAnswered(String host) throws IOException {
        assertThat(statusFor(host)).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:8080",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "",
                ":80",
                "[::1",
                "localhost:80:80"
            })
    void otherNamesAreRefused(String host) throws IOException {
        assertThat(statusFor(host)).startsWith("HTTP/1.1 403");
    }

    @Test
    void aRequestWithoutANameIsRefused() throws IOException {
        assertThat(statusFor(null)).matches("HTTP/1.1 40[03] .*");
    }

    @Test
    void boundToEveryAddressItAnswersToEveryName() throws IOException {
        server.close();
        server = WatchServer.start(run, new InetSocketAddress("0.0.0.0", 0));
        assertThat(statusFor("gpu-box.example:8080")).startsWith("HTTP/1.1 200");
    }

    @Test
    void aPortInUseIsRefused() {
        assertThatThrownBy(() -> WatchServer.start(run, server.address())).isInstanceOf(IOException.class);
    }

    /** A run that ends without closing must not keep the machine's process alive. */
    @Test
    void everyThreadIsADaemon() throws Exception {
        try (Page page = new Page()) {
            page.next();
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().startsWith("espalier-watch")
                            || thread.getName().startsWith("HTTP-Dispatcher"))
                    .hasSizeGreaterThanOrEqualTo(3)
                    .allMatch(Thread::isDaemon);
        }
    }
}
