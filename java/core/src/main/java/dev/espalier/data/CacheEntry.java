package dev.espalier.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a cache folder holds of one decoded split, one encoded modality or one learnt encoder; made anew if it is wanted and gone.
 *
 * @param place its folder, whose name says what it holds and ends in a key over all that decides it, and in {@code .tmp} if it was never
 *     finished
 * @param bytes of its files
 * @param used when it was made or last opened
 */
public record CacheEntry(Path place, long bytes, Instant used) {
    private static final Pattern NAME = Pattern.compile("(.+-[0-9a-f]{24})(\\.tmp)?");

    /**
     * The entries of a cache folder, the longest unused first; none where there is no such folder.
     *
     * @throws DataException if the folder cannot be read
     */
    public static List<CacheEntry> in(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> inside = Files.list(folder)) {
            List<CacheEntry> entries = new ArrayList<>();
            for (Path place : inside.toList()) {
                if (Files.isDirectory(place)
                        && NAME.matcher(place.getFileName().toString()).matches()) {
                    entries.add(of(place));
                }
            }
            entries.sort(Comparator.comparing(CacheEntry::used).thenComparing(CacheEntry::place));
            return entries;
        } catch (IOException e) {
            throw new DataException("cache folder " + folder + ": cannot be read (" + e + ")", e);
        }
    }

    private static CacheEntry of(Path place) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(place)) {
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
        }
        return new CacheEntry(place, bytes, Files.getLastModifiedTime(place).toInstant());
    }

    /**
     * Deletes the entry; what has it open goes on with it.
     *
     * @return false if it is just being made
     * @throws DataException if a file cannot be deleted
     */
    public boolean delete() {
        String name = NAME.matcher(place.getFileName().toString()).replaceFirst("$1");
        // The lock stays: who waits for it would hold one that others no longer see.
        try (FileChannel channel = FileChannel.open(
                        place.resolveSibling(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                return false;
            }
            CacheFolder.delete(place);
            return true;
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (IOException e) {
            throw new DataException(place + ": cannot be deleted (" + e + ")", e);
        }
    }
}
