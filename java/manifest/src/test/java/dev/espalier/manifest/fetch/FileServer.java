package dev.espalier.manifest.fetch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A real HTTP server on this machine that offers files, and misbehaves once for each {@link Fault} that is put in its way. */
final class FileServer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final Queue<Fault> faults = new ArrayDeque<>();
    /** Path, then Range and If-Range where sent, of each request. */
    final List<String> requests = new CopyOnWriteArrayList<>();

    volatile boolean ranges = true;
    volatile String tag = "\"one\"";

    /** Something that happens to one request instead of a right answer. */
    @FunctionalInterface
    interface Fault {
        void answer(HttpExchange exchange, byte[] file) throws IOException, InterruptedException;
    }

    FileServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    URI address(String path) {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/" + path);
    }

    int port() {
        return server.getAddress().getPort();
    }

    void put(String path, byte[] content) {
        files.put(path, content);
    }

    RemoteFile offer(String name, byte[] content) {
        put("/" + name, content);
        return new RemoteFile(name, address(name), content.length, Optional.of(sha256(content)));
    }

    static Sha256 sha256(byte[] content) {
        var digest = Sha256.digest();
        digest.update(content);
        return Sha256.of(digest);
    }

    FileServer next(Fault fault) {
        synchronized (faults) {
            faults.add(fault);
        }
        return this;
    }

    /** Sends the first bytes of what was asked for, then breaks the connection. */
    FileServer cutAfter(int bytes) {
        return next((exchange, file) -> {
            int from = start(exchange);
            head(exchange, file, from);
            exchange.getResponseBody().write(file, from, bytes);
            exchange.getResponseBody().flush();
        });
    }

    /** Sends the first bytes, then nothing more. */
    FileServer silentAfter(int bytes) {
        return next((exchange, file) -> {
            head(exchange, file, 0);
            exchange.getResponseBody().write(file, 0, bytes);
            exchange.getResponseBody().flush();
            closing.await();
        });
    }

    FileServer status(int status) {
        return next((exchange, file) -> exchange.sendResponseHeaders(status, -1));
    }

    FileServer redirect(String location) {
        return next((exchange, file) -> {
            exchange.getResponseHeaders().add("Location", location);
            exchange.sendResponseHeaders(302, -1);
        });
    }

    private void handle(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        requests.add(exchange.getRequestURI().getPath()
                + (range == null ? "" : " " + range)
                + (condition == null ? "" : " " + condition));
        byte[] file = files.get(exchange.getRequestURI().getPath());
        Fault fault;
        synchronized (faults) {
            fault = faults.poll();
        }
        try {
            if (fault != null) {
                fault.answer(exchange, file == null ? new byte[0] : file);
            } else if (file == null) {
                exchange.sendResponseHeaders(404, -1);
            } else {
                int from = start(exchange);
                head(exchange, file, from);
                try (OutputStream body = exchange.getResponseBody()) {
                    body.write(file, from, file.length - from);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            exchange.close();
        }
    }

    private int start(HttpExchange exchange) {
        String range = exchange.getRequestHeaders().getFirst("Range");
        boolean same = tag.equals(exchange.getRequestHeaders().getFirst("If-Range"));
        return ranges && range != null && same ? Integer.parseInt(range.replaceAll("\\D", "")) : 0;
    }

    private void head(HttpExchange exchange, byte[] file, int from) throws IOException {
        if (!tag.isEmpty()) {
            exchange.getResponseHeaders().add("ETag", tag);
        }
        if (from > 0) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + from + "-" + (file.length - 1) + "/" + file.length);
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, file.length - from);
    }

    /** Bytes that differ from place to place. */
    static byte[] content(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251);
        }
        return bytes;
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
