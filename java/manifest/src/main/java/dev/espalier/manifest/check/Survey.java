package dev.espalier.manifest.check;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.PictureDecoder;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Goes through a data set once: a few threads read and decode, observers are shown the samples in order, and no more than a
 * window of samples is on its way.
 */
final class Survey implements AutoCloseable {
    private static final int WINDOW = 256;

    private final DataListener listener;
    private final List<Observer> observers;
    private final ExecutorService threads;
    private final Queue<PictureDecoder> idle = new ConcurrentLinkedQueue<>();
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private final Map<String, Integer> sizes = new HashMap<>();
    private final Map<String, Integer> done = new HashMap<>();

    /** Is shown every sample once, in order, from one thread. */
    interface Observer {
        /** Takes one sample, with a look at each input of the data set. */
        void see(Sample sample, List<Look> looks);
    }

    private record Pending(Sample sample, Future<List<Look>> looks) {}

    private Survey(Subject subject, DataListener listener, List<? extends Observer> observers) {
        this.listener = listener;
        this.observers = List.copyOf(observers);
        subject.splits().forEach(split -> sizes.put(split, subject.size(split)));
        int count = Math.min(4, Runtime.getRuntime().availableProcessors());
        this.threads = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "look");
            thread.setDaemon(true);
            return thread;
        });
    }

    static void run(Subject subject, DataListener listener, List<? extends Observer> observers) {
        try (Survey survey = new Survey(subject, listener, observers)) {
            subject.each(survey::submit);
            while (!survey.pending.isEmpty()) {
                survey.show();
            }
        }
    }

    private void submit(Sample sample) {
        if (pending.size() == WINDOW) {
            show();
        }
        pending.add(new Pending(sample, threads.submit(() -> looks(sample))));
    }

    private List<Look> looks(Sample sample) {
        PictureDecoder taken = idle.poll();
        PictureDecoder decoder = taken == null ? new PictureDecoder() : taken;
        List<Look> looks = new ArrayList<>();
        for (Sample.Cell cell : sample.cells()) {
            try {
                looks.add(cell.look(decoder));
            } catch (IOException | DataException e) {
                looks.add(new Look.Corrupt(e.getMessage() == null ? e.toString() : e.getMessage()));
            }
        }
        idle.add(decoder);
        return looks;
    }

    private void show() {
        Pending next = pending.remove();
        try {
            List<Look> looks = next.looks.get();
            observers.forEach(observer -> observer.see(next.sample, looks));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataException("looking through the data was interrupted at " + next.sample.name(), e);
        } catch (ExecutionException e) {
            throw new DataException(next.sample.name() + ": cannot be looked at (" + e.getCause() + ")", e);
        }
        String split = next.sample.split();
        listener.decoded(split, done.merge(split, 1, Integer::sum), sizes.getOrDefault(split, 0));
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            if (threads.awaitTermination(60, TimeUnit.SECONDS)) {
                idle.forEach(PictureDecoder::close);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
