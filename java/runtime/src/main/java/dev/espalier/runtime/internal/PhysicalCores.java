package dev.espalier.runtime.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Counts the cores that this process may use, hardware threads of one core counted once. */
final class PhysicalCores {
    private PhysicalCores() {}

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
