package dev.espalier.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The command as a process of its own, with the class path of the test. */
final class ChildCommand {
    private ChildCommand() {}

    /** The words that start it. */
    static List<String> words(Object... args) {
        Stream<String> java = Stream.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-Dorg.bytedeco.javacpp.maxBytes=0",
                "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("org.bytedeco.javacpp.cachedir"),
                "-Despalier.trials=" + System.getProperty("espalier.trials"),
                "-cp",
                System.getProperty("java.class.path"),
                Espalier.class.getName());
        return Stream.concat(java, Stream.of(args).map(Object::toString)).toList();
    }
}
