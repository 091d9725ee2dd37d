package dev.espalier.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The processor that this process runs on. */
public final class Processor {
    private static final Path FACTS = Path.of("/proc/cpuinfo");

    private Processor() {}

    /** Its model name; the architecture where the system does not tell. */
    public static String name() {
        try (Stream<String> lines = Files.lines(FACTS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
