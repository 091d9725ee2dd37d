package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheEntryTest {
    private static final String NAME = "train-0123456789abcdef01234567";

    @TempDir
    Path cache;

    private Path entry(String name, Duration unused) throws IOException {
        Path place = Files.createDirectories(cache.resolve(name));
        Files.write(place.resolve("rows"), new byte[1000]);
        Files.write(place.resolve("facts"), new byte[24]);
        Files.setLastModifiedTime(place, FileTime.from(Instant.now().minus(unused)));
        return place;
    }

    @Test
    void areListedWithWhatTheyHoldTheLongestUnusedFirst() throws IOException {
        Path young = entry("test" + NAME.substring(5), Duration.ofHours(1));
        Path old = entry(NAME, Duration.ofDays(3));
        Path unfinished = entry(NAME + ".tmp", Duration.ofDays(2));
        Files.createDirectories(cache.resolve("pictures"));
        Files.createFile(cache.resolve(NAME + ".lock"));
        List<CacheEntry> entries = CacheEntry.in(cache);
        assertThat(entries).extracting(CacheEntry::place).containsExactly(old, unfinished, young);
        assertThat(entries).extracting(CacheEntry::bytes).containsOnly(1024L);
        assertThat(CacheEntry.in(cache.resolve("none"))).isEmpty();
    }

    @Test
    void areDeletedUnlessSomeoneMakesThem() throws IOException {
        entry(NAME, Duration.ZERO);
        entry(NAME + ".tmp", Duration.ZERO);
        Path lock = cache.resolve(NAME + ".lock");
        for (boolean making : new boolean[] {true, false}) {
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = making ? channel.lock() : null) {
                assertThat(held != null).isEqualTo(making);
                assertThat(CacheEntry.in(cache)).allMatch(entry -> entry.delete() != making);
            }
            assertThat(CacheEntry.in(cache)).hasSize(making ? 2 : 0);
        }
    }
}
