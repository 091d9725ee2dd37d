package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.SyntheticImages;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@NoLeaks
class DataCacheCommandTest {
    @TempDir
    Path folder;

    private CommandRun cache(Object... more) {
        return CommandRun.of(List.of("data", "cache", "--cache", folder.resolve("cache")), more);
    }

    private void train(String name) {
        Path data = folder.resolve("data");
        CommandRun.of(
                        "train",
                        "--data",
                        data,
                        "--cache",
                        folder.resolve("cache"),
                        "--model",
                        "mlp",
                        "--width",
                        0.1,
                        "--epochs",
                        1,
                        "-o",
                        folder.resolve(name),
                        "--json")
                .json();
    }

    @Test
    void whatIsUnusedIsDeletedAndMadeAgainWhenWanted() throws IOException {
        assertThat(cache("--json").json().get("entries").size()).isZero();
        new SyntheticImages(16, 4, 2, 1).write(folder.resolve("data"));
        train("a.onnx");
        JsonNode entries = cache("--json").json().get("entries");
        assertThat(entries.size()).isEqualTo(2);
        Path first = folder.resolve("cache").resolve(entries.at("/0/name").asString());
        Files.setLastModifiedTime(first, FileTime.from(Instant.now().minus(10, ChronoUnit.DAYS)));
        assertThat(cache("--delete-unused-for", 11).out()).doesNotContain("deleted");
        CommandRun deleted = cache("--delete-unused-for", 9.5);
        assertThat(deleted.out().lines().filter(line -> line.endsWith("deleted")))
                .singleElement()
                .asString()
                .startsWith(first.getFileName().toString());
        assertThat(first).doesNotExist();
        JsonNode left = cache("--json").json();
        assertThat(left.get("entries").size()).isEqualTo(1);
        assertThat(left.get("bytes").asLong())
                .isPositive()
                .isEqualTo(left.at("/entries/0/bytes").asLong());
        train("b.onnx");
        assertThat(first).exists();
        assertThat(cache("--delete-unused-for", 0, "--json").json().get("bytes").asLong())
                .isZero();
        cache("--delete-unused-for", -1).refused("0 to 36500, got -1.0").inOneLine();
    }
}
