package dev.espalier.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrialsTest {
    private static Trial none() {
        throw new AssertionError("a trial was made again");
    }

    @TempDir
    private Path folder;

    private Path file() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("new"))) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            return all.get(0);
        }
    }

    @Test
    void aTrialIsMadeOnceAndTheFirstOneCounts() throws IOException {
        Trial made = new Trial(2, 1.5);
        assertThat(Trials.in(folder.resolve("new")).of("conv a", () -> made)).isEqualTo(made);
        assertThat(Trials.in(folder.resolve("new")).of("conv a", TrialsTest::none))
                .isEqualTo(made);
        Path file = file();
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).startsWith("# ").contains("libtorch");
        String again = lines.get(1).replace("1.5", "9.0") + "\nnot a trial\nnot\ta\tnumber\n";
        Files.writeString(file, again, StandardOpenOption.APPEND);
        Trials read = Trials.in(folder.resolve("new"));
        assertThat(read.of("conv a", TrialsTest::none)).isEqualTo(made);
        assertThat(read.of("conv b", () -> new Trial(1, 3)).maskedWins()).isFalse();
        assertThat(Files.readAllLines(file).get(5)).startsWith("conv b").endsWith("\t1.0\t3.0");
    }

    @Test
    void aGainWithinTheNoiseIsNone() {
        assertThat(new Trial(1, 0.81).maskedWins()).isFalse();
        assertThat(new Trial(1, 0.79).maskedWins()).isTrue();
        assertThat(new Trial(3, 2).gain()).isEqualTo(1.5);
    }
}
