package dev.espalier.formats.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files that were put together by hand, under the rules of docs/bad-input.md. */
final class Crafted {
    private Crafted() {}

    /** "accepted" or the class of refusal, once it is proved that the rules were kept. */
    static String verdict(Outcome.Reader reader, Path file) throws IOException {
        Outcome outcome = Outcome.of(reader, file, Files.size(file));
        assertThat(outcome.right()).as(outcome.verdict()).isTrue();
        return outcome.verdict();
    }
}
