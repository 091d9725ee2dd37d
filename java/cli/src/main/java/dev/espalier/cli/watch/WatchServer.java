package dev.espalier.cli.watch;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.espalier.report.WatchPage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Serves the page of a run: {@code /}, {@code /events} (server-sent events) and {@code /state} (JSON). All of its threads are daemons.
 *
 * <p>Bound to a loopback address it answers only to names of this machine, so that no page of the web can read it through a name that
 * its owner points here.
 */
public final class WatchServer implements AutoCloseable {
    /** Pages that may listen at once; each costs a thread. */
    static final int MOST_PAGES = 32;

    private static final Duration HEARTBEAT = Duration.ofSeconds(15);
    private static final Duration BETWEEN_UPDATES = Duration.ofMillis(200);
    private static final Duration FAREWELL = Duration.ofSeconds(2);
    private static final int THREADS = 4;
    private static final String JSON = "application/json; charset=utf-8";
    private static final String TEXT = "text/plain; charset=utf-8";

    private final HttpServer http;
    private final Broadcast broadcast;
    private final Duration heartbeat;
    private final ExecutorService answering = Executors.newFixedThreadPool(THREADS, daemons("espalier-watch"));
    private final Thread telling = daemons("espalier-watch-updates").newThread(this::tellAgainAndAgain);

    private WatchServer(HttpServer http, LiveRun run, Duration heartbeat) {
        this.http = http;
        this.broadcast = new Broadcast(run);
        this.heartbeat = heartbeat;
    }

    /**
     * Begins to serve.
     *
     * @param at port 0 is any free one
     * @throws IOException if nothing can listen there
     */
    public static WatchServer start(LiveRun run, InetSocketAddress at) throws IOException {
        return start(run, at, HEARTBEAT);
    }

    static WatchServer start(LiveRun run, InetSocketAddress at, Duration heartbeat) throws IOException {
        WatchServer server = new WatchServer(HttpServer.create(at, THREADS), run, heartbeat);
        server.begin();
        return server;
    }

    private static ThreadFactory daemons(String name) {
        return work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    private void begin() {
        http.createContext("/", this::answer);
        http.setExecutor(answering);
        telling.start();
        // The thread that accepts is a daemon only if one starts it.
        Thread starting = daemons("espalier-watch-start").newThread(http::start);
        starting.start();
        joinUninterruptibly(starting);
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return http.getAddress();
    }

    /** Without a page, what is new is gathered until one comes. */
    private void tellAgainAndAgain() {
        try {
            while (true) {
                Thread.sleep(BETWEEN_UPDATES.toMillis());
                tell();
            }
        } catch (InterruptedException e) {
            // The server closes.
        }
    }

    /** Tells what is new at once, if a page is there. */
    void tell() {
        if (broadcast.size() > 0) {
            broadcast.tell();
        }
    }

    /** How many pages listen. */
    int pages() {
        return broadcast.size();
    }

    private void answer(HttpExchange exchange) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Cache-Control", "no-store");
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Cross-Origin-Resource-Policy", "same-origin");
        if (!answersTo(exchange.getRequestHeaders().getFirst("Host"))) {
            reply(exchange, 403, TEXT, "This page answers to localhost and 127.0.0.1 alone.\n");
        } else if (!exchange.getRequestMethod().equals("GET")) {
            headers.set("Allow", "GET");
            reply(exchange, 405, TEXT, "This page is read by GET alone.\n");
        } else {
            answerGet(exchange, headers);
        }
    }

    private void answerGet(HttpExchange exchange, Headers headers) throws IOException {
        switch (exchange.getRequestURI().getPath()) {
            case "/" -> {
                headers.set("Content-Security-Policy", WatchPage.policy());
                reply(exchange, 200, "text/html; charset=utf-8", WatchPage.html());
            }
            case "/state" -> reply(exchange, 200, JSON, broadcast.state());
            case "/events" -> listen(exchange, headers);
            default -> reply(exchange, 404, TEXT, "There are /, /events and /state.\n");
        }
    }

    private boolean answersTo(@Nullable String host) {
        InetSocketAddress at = address();
        if (!at.getAddress().isLoopbackAddress()) {
            return true;
        }
        String name = host == null ? "" : host.replaceFirst(":\\d*$", "").toLowerCase(Locale.ROOT);
        return Set.of("localhost", "127.0.0.1", "[::1]").contains(name)
                || name.equals(at.getAddress().getHostAddress());
    }

    /** The exchange stays open; a thread of its own writes to it. */
    private void listen(HttpExchange exchange, Headers headers) throws IOException {
        if (broadcast.size() >= MOST_PAGES) {
            headers.set("Retry-After", "5");
            reply(exchange, 503, TEXT, MOST_PAGES + " pages listen already.\n");
            return;
        }
        headers.set("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        Subscriber page = new Subscriber(exchange, heartbeat, 2 * Broadcast.KEPT, broadcast::leave);
        broadcast.join(page, exchange.getRequestHeaders().getFirst("Last-Event-ID"));
    }

    private static void reply(HttpExchange exchange, int status, String type, String body) throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            boolean bare = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(status, bare ? -1 : bytes.length);
            if (!bare) {
                exchange.getResponseBody().write(bytes);
            }
        }
    }

    /** Tells all pages that the run has ended, and stops. */
    @Override
    public void close() {
        telling.interrupt();
        try {
            broadcast.end(FAREWELL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        http.stop(0);
        answering.shutdownNow();
    }
}
