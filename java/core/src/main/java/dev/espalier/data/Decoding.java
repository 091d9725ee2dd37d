package dev.espalier.data;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How image files become pixels.
 *
 * @param size the size to which all images are resized; null: every image must have the same size already
 * @param channels 1 for grey, 3 for RGB, 0 for what the majority of the images has
 * @param onCorrupt what happens to an image that cannot be decoded
 * @param threads decoding threads, at least 1; each holds one decoded image at a time
 */
public record Decoding(@Nullable ImageSize size, int channels, OnCorrupt onCorrupt, int threads) {
    public Decoding {
        Objects.requireNonNull(onCorrupt, "onCorrupt");
        if (channels != 0 && channels != 1 && channels != 3) {
            throw new DataException("channels: expected 1 (grey), 3 (RGB) or 0 (as most images are), got " + channels);
        }
        if (threads < 1 || threads > 256) {
            throw new DataException("decoding threads: expected 1 to 256, got " + threads);
        }
    }

    /** Sizes and channels as they lie, corrupt images skipped, as many threads as processors but four at most. */
    public static Decoding defaults() {
        return new Decoding(
                null, 0, OnCorrupt.SKIP, Math.min(4, Runtime.getRuntime().availableProcessors()));
    }

    public Decoding withSize(@Nullable ImageSize newSize) {
        return new Decoding(newSize, channels, onCorrupt, threads);
    }

    public Decoding withChannels(int newChannels) {
        return new Decoding(size, newChannels, onCorrupt, threads);
    }

    public Decoding withOnCorrupt(OnCorrupt newOnCorrupt) {
        return new Decoding(size, channels, newOnCorrupt, threads);
    }

    public Decoding withThreads(int newThreads) {
        return new Decoding(size, channels, onCorrupt, newThreads);
    }
}
