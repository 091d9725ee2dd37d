package dev.espalier.data;

import java.nio.file.Path;
import java.util.Objects;

/**
 * How a data set is opened.
 *
 * @param decoding how image files become pixels
 * @param validationFraction share of each class of the training images held out where there is no validation folder; 0
 *     for none, below 1
 * @param seed chooses the images held out
 * @param cache folder of the decoded images and the encoded rows
 * @param listener is told of progress, notes and skipped images
 */
public record DataOptions(Decoding decoding, double validationFraction, long seed, Path cache, DataListener listener) {
    public DataOptions {
        Objects.requireNonNull(decoding, "decoding");
        Objects.requireNonNull(cache, "cache");
        Objects.requireNonNull(listener, "listener");
        if (!(validationFraction >= 0 && validationFraction < 1)) {
            throw new DataException("validation fraction: expected at least 0 and below 1, got " + validationFraction);
        }
    }

    /**
     * One tenth held out with seed 0, {@link Decoding#defaults()}, notes to the log, cache in the folder that the system property
     * {@code espalier.cache} names, else in {@code ~/.cache/espalier}.
     */
    public static DataOptions defaults() {
        String named = System.getProperty("espalier.cache");
        Path cache = named != null ? Path.of(named) : Path.of(System.getProperty("user.home"), ".cache", "espalier");
        return new DataOptions(Decoding.defaults(), 0.1, 0, cache, DataListener.logging());
    }

    public DataOptions withDecoding(Decoding newDecoding) {
        return new DataOptions(newDecoding, validationFraction, seed, cache, listener);
    }

    public DataOptions withValidation(double fraction, long newSeed) {
        return new DataOptions(decoding, fraction, newSeed, cache, listener);
    }

    public DataOptions withCache(Path newCache) {
        return new DataOptions(decoding, validationFraction, seed, newCache, listener);
    }

    public DataOptions withListener(DataListener newListener) {
        return new DataOptions(decoding, validationFraction, seed, cache, newListener);
    }
}
