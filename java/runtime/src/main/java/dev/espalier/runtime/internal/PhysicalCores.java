package dev.espalier.runtime.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Counts the cores that this process may use, hardware threads of one core counted once. */
final class PhysicalCores {
    /** One positive number; lists for nested regions do not matter here. */
    private static final Pattern CHOICE = Pattern.compile("[1-9]\\d{0,4}");

    private PhysicalCores() {}

    /** OMP_NUM_THREADS where the environment sets it, else the number of cores. */
    static int threads() {
        return threads(System.getenv("OMP_NUM_THREADS"));
    }

    static int threads(@Nullable String chosen) {
        return chosen != null && CHOICE.matcher(chosen).matches() ? Integer.parseInt(chosen) : count();
    }

    static int count() {
        int allowed = Runtime.getRuntime().availableProcessors();
        try {
            int cores = parse(Files.readAllLines(Path.of("/proc/cpuinfo")));
            return cores == 0 ? allowed : Math.max(1, Math.min(cores, allowed));
        } catch (IOException e) {
            return allowed;
        }
    }

    /** The number of distinct (physical id, core id) pairs in /proc/cpuinfo; 0 if it does not tell. */
    static int parse(List<String> lines) {
        Set<String> cores = new HashSet<>();
        String socket = "";
        for (String line : lines) {
            if (line.startsWith("physical id")) {
                socket = line;
            } else if (line.startsWith("core id")) {
                cores.add(socket + '/' + line);
            }
        }
        return cores.size();
    }
}
