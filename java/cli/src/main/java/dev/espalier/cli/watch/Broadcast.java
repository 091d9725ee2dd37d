package dev.espalier.cli.watch;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tells all pages what is new: everything to a new one, what it missed to one that comes back soon.
 *
 * <p>Nothing here waits for a page. One that leaves too much unread is dropped, and comes back by itself.
 */
final class Broadcast {
    /** Messages that are kept for pages that come back. */
    static final int KEPT = 64;

    private static final JsonMapper JSON = JsonMapper.shared();

    private final LiveRun run;
    /** Tells this run from another one that had the port before. */
    private final String name = Long.toHexString(new SecureRandom().nextLong());

    private final Deque<Message> recent = new ArrayDeque<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private long number;
    private @Nullable Message end;

    Broadcast(LiveRun run) {
        this.run = run;
    }

    /** All that is known, as JSON. */
    String state() {
        return JSON.writeValueAsString(run.whole());
    }

    /** How many pages listen. */
    synchronized int size() {
        return subscribers.size();
    }

    /** Tells what is new, if anything is. */
    synchronized void tell() {
        run.changes().ifPresent(frame -> {
            Message message = Message.of(name, ++number, "update", JSON.writeValueAsString(frame));
            recent.add(message);
            if (recent.size() > KEPT) {
                recent.remove();
            }
            send(message);
        });
    }

    private void send(Message message) {
        subscribers.removeIf(page -> {
            boolean slow = !page.offer(message);
            if (slow) {
                page.drop();
            }
            return slow;
        });
    }

    /** Adds a page, which has seen the messages up to {@code seen} if it was here before. */
    synchronized void join(Subscriber page, @Nullable String seen) {
        tell();
        List<Message> first = missed(seen).orElseGet(() -> List.of(Message.of(name, number, "state", state())));
        first.forEach(page::offer);
        if (end != null) {
            page.offer(end);
        }
        subscribers.add(page);
        page.start();
    }

    /** What came after the message of that id; nothing if that is not known any more. */
    private Optional<List<Message>> missed(@Nullable String seen) {
        if (seen == null || !seen.matches(name + "-\\d{1,18}")) {
            return Optional.empty();
        }
        long last = Long.parseLong(seen.substring(name.length() + 1));
        if (last > number || last < number - recent.size()) {
            return Optional.empty();
        }
        return Optional.of(
                recent.stream().filter(message -> message.number() > last).toList());
    }

    synchronized void leave(Subscriber page) {
        subscribers.remove(page);
    }

    /** Tells the last, and that it was the last; waits for pages to read it, at most so long. */
    void end(Duration most) throws InterruptedException {
        List<Subscriber> left;
        synchronized (this) {
            tell();
            end = Message.of(name, number, "end", "{}");
            send(end);
            left = List.copyOf(subscribers);
        }
        long until = System.nanoTime() + most.toNanos();
        for (Subscriber page : left) {
            page.await(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
            page.drop();
        }
    }
}
