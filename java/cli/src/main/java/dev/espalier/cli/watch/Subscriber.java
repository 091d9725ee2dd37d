package dev.espalier.cli.watch;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One page that listens: a thread that writes what waits for it, and so many messages at most that wait. */
final class Subscriber {
    /** After which time in milliseconds a page that lost its connection tries again. */
    private static final String RETRY = "retry: 2000\n\n";

    private static final String HEARTBEAT = ": still here\n\n";

    private final HttpExchange exchange;
    private final Duration heartbeat;
    private final BlockingQueue<Message> waiting;
    private final Thread thread;

    /**
     * Takes over an exchange whose headers are sent.
     *
     * @param heartbeat after this time without a message a comment is written, which shows whether the page is still there
     * @param most messages that wait
     * @param gone told, by its thread, when nothing more will be written
     */
    Subscriber(HttpExchange exchange, Duration heartbeat, int most, Consumer<Subscriber> gone) {
        this.exchange = exchange;
        this.heartbeat = heartbeat;
        this.waiting = new ArrayBlockingQueue<>(most);
        this.thread = new Thread(
                () -> {
                    write();
                    gone.accept(this);
                },
                "espalier-watch-page");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Lets a message wait; false if too many do already. */
    boolean offer(Message message) {
        return waiting.offer(message);
    }

    /** Breaks the connection at once, even where the page reads nothing: an interrupt closes the channel under a blocked write. */
    void drop() {
        thread.interrupt();
    }

    /** Waits until all is written, at most so long. */
    void await(Duration most) throws InterruptedException {
        thread.join(Math.max(1, most.toMillis()));
    }

    private void write() {
        try {
            OutputStream out = exchange.getResponseBody();
            out.write(RETRY.getBytes(StandardCharsets.UTF_8));
            boolean over = false;
            while (!over) {
                @Nullable Message next = waiting.poll(heartbeat.toMillis(), TimeUnit.MILLISECONDS);
                out.write(next == null ? HEARTBEAT.getBytes(StandardCharsets.UTF_8) : next.bytes());
                out.flush();
                over = next != null && next.last();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // so that closing does not wait for the page either
        } catch (IOException e) {
            // The page is gone, or has been dropped.
        } finally {
            exchange.close();
        }
    }
}
