package dev.espalier.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder of decoded splits, each in a folder of its own named after the split and a key over everything that decides the
 * pixels.
 *
 * <p>A split is written under another name, synced and renamed, so that a folder with its own name is whole unless the disk
 * damaged it; then its checksums say so and it is made again. A lock file lets one process at a time write a split.
 */
final class DecodedCache {
    private static final Object ONE_BUILD_PER_JVM = new Object();

    private final Path folder;
    private final Decoding decoding;
    private final DataListener listener;

    DecodedCache(Path folder, Decoding decoding, DataListener listener) {
        this.folder = folder;
        this.decoding = decoding;
        this.listener = listener;
    }

    /**
     * The decoded split, from the cache or decoded now.
     *
     * @param wanted the format of the training split; null for the training split itself
     */
    CachedImages open(Originals originals, @Nullable PictureFormat wanted) throws IOException {
        Path place = folder.resolve(originals.split() + "-" + key(originals, wanted));
        CachedImages found = read(place);
        if (found == null) {
            synchronized (ONE_BUILD_PER_JVM) {
                found = build(originals, wanted, place);
            }
        } else {
            for (Skipped image : found.skipped()) {
                if (decoding.onCorrupt() == OnCorrupt.FAIL) {
                    throw new CorruptImageException(image.reason()).refusal(image.name());
                }
                listener.skipped(image);
            }
        }
        return found;
    }

    private @Nullable CachedImages read(Path place) {
        if (!Files.isDirectory(place)) {
            return null;
        }
        try {
            return new CachedImages(place);
        } catch (IOException | RuntimeException e) {
            listener.note("the cache " + place + " is damaged (" + e.getMessage() + "): decoding again");
            return null;
        }
    }

    private CachedImages build(Originals originals, @Nullable PictureFormat wanted, Path place) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DataException(
                    "cache folder " + folder + ": cannot be made (" + e + "); choose another with --cache", e);
        }
        Path lockFile = folder.resolve(place.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            CachedImages found = read(place);
            if (found != null) {
                return found;
            }
            Path growing = folder.resolve(place.getFileName() + ".tmp");
            try {
                delete(growing);
                delete(place);
                Files.createDirectory(growing);
                decode(originals, wanted, growing);
                Files.move(growing, place, StandardCopyOption.ATOMIC_MOVE);
                sync(folder);
            } finally {
                delete(growing);
            }
            return new CachedImages(place);
        }
    }

    private void decode(Originals originals, @Nullable PictureFormat wanted, Path growing) throws IOException {
        PictureFormat format;
        try (PictureDecoder decoder = new PictureDecoder()) {
            format = wanted != null
                    ? wanted
                    : originals.survey(decoder, decoding.onCorrupt()).over(decoding);
        }
        try (CacheWriter writer = new CacheWriter(growing, format, originals.classes());
                DecodingPool pool = new DecodingPool(decoding, format, listener)) {
            List<Skipped> skipped = pool.decode(originals, writer);
            writer.finish(skipped);
        } catch (IOException e) {
            long megabytes = (originals.size() * (long) format.bytes()) >> 20;
            throw new DataException(
                    "cache folder " + folder + ": writing " + megabytes + " MiB of decoded images failed ("
                            + e.getMessage() + "); make room or choose another with --cache",
                    e);
        }
        sync(growing);
    }

    private String key(Originals originals, @Nullable PictureFormat wanted) throws IOException {
        MessageDigest digest = CacheWriter.sha256();
        digest.update(("version " + CacheWriter.VERSION + "\nsize " + decoding.size() + "\nchannels "
                        + decoding.channels() + "\nformat " + (wanted == null ? "" : wanted.shape()) + "\n")
                .getBytes(StandardCharsets.UTF_8));
        originals.classes().forEach(name -> digest.update((name + "\n").getBytes(StandardCharsets.UTF_8)));
        originals.identify(fact -> digest.update((fact + "\n").getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(digest.digest(), 0, 12);
    }

    /** Waits until the folder's entries are on the disk. */
    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void delete(Path place) throws IOException {
        if (Files.isDirectory(place)) {
            try (Stream<Path> inside = Files.list(place)) {
                for (Path file : inside.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(place);
        }
    }
}
