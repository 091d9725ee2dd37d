package dev.espalier.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A Chromium without a window, driven by the DevTools protocol (chromedevtools.github.io/devtools-protocol) over its web socket. */
final class Browser implements AutoCloseable {
    /** Ends a test that would wait for ever; nothing is expected to take as long. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Process process;
    private final WebSocket socket;
    private final AtomicInteger calls = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final List<Consumer<JsonNode>> hearers = new CopyOnWriteArrayList<>();

    private Browser(Process process, URI address) {
        this.process = process;
        this.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(address, new Incoming())
                .join();
    }

    /**
     * Starts the browser, or skips the test that calls this where there is none: {@code -Despalier.browser=FILE} names it, else it is
     * looked for on the path.
     *
     * @param profile an empty folder for what the browser keeps
     */
    static Browser start(Path profile) throws IOException, InterruptedException {
        Optional<String> program = program();
        assumeTrue(
                program.isPresent(),
                "skipped: no browser of " + NAMES
                        + " is on the path; install chromium, or name one by -Despalier.browser");
        Path log = profile.resolve("browser.log");
        ProcessBuilder command = new ProcessBuilder(
                        program.orElseThrow(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--no-first-run",
                        "--no-proxy-server",
                        "--hide-scrollbars",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        command.environment().put("TMPDIR", profile.toString());
        Process process = command.start();
        try {
            return new Browser(process, address(process, profile.resolve("DevToolsActivePort"), log));
        } catch (IOException | RuntimeException e) {
            stop(process);
            throw e;
        }
    }

    /** The first that runs: on some systems such a name only tells how to install it. */
    private static Optional<String> program() {
        String named = System.getProperty("espalier.browser");
        Stream<String> candidates = named != null
                ? Stream.of(named)
                : NAMES.stream()
                        .flatMap(name -> Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                                .map(folder -> Path.of(folder, name))
                                .filter(Files::isExecutable)
                                .map(Path::toString));
        return candidates.filter(Browser::runs).findFirst();
    }

    private static boolean runs(String program) {
        try {
            Process process = new ProcessBuilder(program, "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The browser writes its port and path into a file as soon as it listens. */
    private static URI address(Process process, Path file, Path log) throws IOException, InterruptedException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until && process.isAlive()) {
            if (Files.exists(file)) {
                List<String> lines = Files.readAllLines(file);
                if (lines.size() == 2) {
                    return URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1));
                }
            }
            process.waitFor(50, TimeUnit.MILLISECONDS);
        }
        throw new IOException("the browser did not start: " + Files.readString(log));
    }

    /** A new page of this width and height in CSS pixels. */
    BrowserPage page(int width, int height) {
        return new BrowserPage(this, width, height);
    }

    /** Calls a method of the protocol and waits for its result. */
    JsonNode call(@Nullable String session, String method, Map<String, ?> parameters) {
        int id = calls.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(id, answer);
        Map<String, Object> request = new java.util.LinkedHashMap<>();
        request.put("id", id);
        request.put("method", method);
        request.put("params", parameters);
        if (session != null) {
            request.put("sessionId", session);
        }
        synchronized (socket) {
            socket.sendText(JSON.writeValueAsString(request), true).join();
        }
        JsonNode whole =
                answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        if (whole.has("error")) {
            throw new IllegalStateException(method + ": " + whole.get("error"));
        }
        return whole.get("result");
    }

    /** Lets {@code hearer} hear all that the browser says by itself. */
    void hear(Consumer<JsonNode> hearer) {
        hearers.add(hearer);
    }

    static Duration patience() {
        return PATIENCE;
    }

    @Override
    public void close() {
        socket.abort();
        stop(process);
    }

    private static void stop(Process process) {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        try {
            process.waitFor();
            for (ProcessHandle handle : all) {
                handle.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new UncheckedIOException(new IOException("the browser does not end", e));
        }
    }

    /** Puts messages together from their parts. */
    private final class Incoming implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                JsonNode message = JSON.readTree(text.toString());
                text.setLength(0);
                CompletableFuture<JsonNode> asked =
                        message.has("id") ? answers.remove(message.get("id").asInt()) : null;
                if (asked != null) {
                    asked.complete(message);
                } else {
                    hearers.forEach(hearer -> hearer.accept(message));
                }
            }
            from.request(1);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            answers.values().forEach(answer -> answer.completeExceptionally(error));
        }
    }
}
