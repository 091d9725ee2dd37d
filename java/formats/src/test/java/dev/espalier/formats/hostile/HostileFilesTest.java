package dev.espalier.formats.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files of every format are accepted or refused in one line, within five seconds and within the memory that
 * docs/bad-input.md states.
 *
 * <p>{@code -Despalier.hostile.files=50000} sets the number of files over all formats, {@code -Despalier.hostile.keep=FOLDER}
 * keeps those that were not handled right.
 */
@NoLeaks
class HostileFilesTest {
    private static final int FILES = Integer.getInteger("espalier.hostile.files", 900);
    private static final long SEED = Long.getLong("espalier.hostile.seed", 20261127L);

    @TempDir
    Path folder;

    @Test
    void damagedFilesAreRefusedInOneLine() throws IOException {
        List<Seeds.Format> formats = Seeds.all(folder);
        TreeSet<String> wrong = new TreeSet<>();
        StringBuilder report = new StringBuilder();
        for (Seeds.Format format : formats) {
            Random random = new Random(SEED + format.name().hashCode());
            Path file = folder.resolve("damaged" + format.suffix());
            for (byte[] seed : format.files()) { // loads classes, which must not count as the file's memory
                Files.write(file, seed);
                Outcome.of(format.reader(), file, seed.length);
            }
            Tally tally = new Tally();
            for (int i = 0; i < FILES / formats.size(); i++) {
                byte[] damaged = damage(format, random);
                Files.write(file, damaged);
                Outcome outcome = Outcome.of(format.reader(), file, damaged.length);
                tally.add(outcome);
                if (!outcome.right() && wrong.add(format.name() + ": " + outcome.verdict())) {
                    keep(damaged, format, wrong.size());
                }
            }
            report.append(tally.report(format.name(), FILES > 10_000 ? 40 : 3));
        }
        Files.writeString(Path.of("target", "hostile-files.txt"), report + String.join("\n", wrong) + "\n");
        assertThat(Scope.liveTensors()).isZero();
        assertThat(wrong).as("files that were not handled right").isEmpty();
    }

    private static byte[] damage(Seeds.Format format, Random random) {
        byte[] file = format.files().get(random.nextInt(format.files().size()));
        List<Edit> edits = new ArrayList<>(format.edits());
        byte[] damaged = edits.get(random.nextInt(edits.size())).apply(file, random);
        if (random.nextInt(4) == 0 && damaged.length > 0) {
            damaged = ByteEdits.ALL.get(random.nextInt(ByteEdits.ALL.size())).apply(damaged, random);
        }
        return damaged;
    }

    private static void keep(byte[] damaged, Seeds.Format format, int number) throws IOException {
        String target = System.getProperty("espalier.hostile.keep");
        if (target != null) {
            Path at = Files.createDirectories(Path.of(target));
            Files.write(at.resolve(format.name().replace(' ', '-') + "-" + number + format.suffix()), damaged);
        }
    }
}
