package dev.espalier.plan;

import dev.espalier.runtime.Processor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The trials made on this machine, kept in a file, so that a choice by timing is made once and stays: one line per trial with
 * its key and both times in milliseconds, separated by tabs. Another processor, or other versions of the libraries, have a file
 * of their own. Thread-safe.
 *
 * <p>The file lies in the folder that the system property {@code espalier.trials} names, else in {@code .cache/espalier} in the
 * user's home; delete it to have all trials made anew.
 */
public final class Trials {
    private static final Logger LOG = LoggerFactory.getLogger(Trials.class);

    private static @Nullable Trials ofMachine;

    private final Path file;
    private final String machine;
    private final Map<String, Trial> made = new ConcurrentHashMap<>();

    private Trials(Path folder, String machine) {
        CRC32C checksum = new CRC32C();
        checksum.update(machine.getBytes(StandardCharsets.UTF_8));
        this.file = folder.resolve(String.format("trials-%08x.tsv", checksum.getValue()));
        this.machine = machine;
    }

    /** Those of this machine. */
    public static synchronized Trials ofMachine() {
        if (ofMachine == null) {
            String named = System.getProperty("espalier.trials");
            Path folder =
                    named != null ? Path.of(named) : Path.of(System.getProperty("user.home"), ".cache", "espalier");
            ofMachine = in(folder);
        }
        return ofMachine;
    }

    /** Those of this machine that a folder keeps. */
    static Trials in(Path folder) {
        Versions versions = Versions.current();
        Trials trials = new Trials(
                folder,
                "# " + Processor.name() + ", libtorch " + versions.libtorch() + ", kernels " + versions.kernels());
        trials.read();
        return trials;
    }

    /** The first trial of a key counts; lines that are none are passed over. */
    private void read() {
        if (!Files.exists(file)) {
            return;
        }
        try {
            for (String line : Files.readAllLines(file)) {
                String[] parts = line.split("\t", -1);
                if (parts.length == 3) {
                    made.putIfAbsent(parts[0], new Trial(Double.parseDouble(parts[1]), Double.parseDouble(parts[2])));
                }
            }
        } catch (IOException | NumberFormatException e) {
            LOG.warn("{}: trials cannot be read and are made anew: {}", file, e.toString());
        }
    }

    /**
     * The trial of this key with the present number of threads: the one made earlier, or {@code run}'s.
     *
     * @param key what is timed, shapes included; no tabs, one line
     */
    public Trial of(String key, Supplier<Trial> run) {
        String full = key + ", " + Threads.count() + " threads";
        Trial known = made.get(full);
        if (known != null) {
            return known;
        }
        Trial fresh = run.get();
        Trial first = made.putIfAbsent(full, fresh);
        if (first != null) {
            return first;
        }
        append(full, fresh);
        return fresh;
    }

    private synchronized void append(String key, Trial trial) {
        String line = key + "\t" + trial.denseMillis() + "\t" + trial.maskedMillis();
        try {
            Files.createDirectories(file.getParent());
            List<String> lines = Files.exists(file) ? List.of(line) : List.of(machine, line);
            Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            LOG.warn("{}: a trial cannot be kept and will be made again: {}", file, e.toString());
        }
    }
}
