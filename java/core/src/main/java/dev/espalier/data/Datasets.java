package dev.espalier.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Opens a folder of labelled images, whichever of the known layouts it has: one folder per class
 * ({@code train/<class>/*.jpg}, with optional {@code validation} and {@code test} beside {@code train}), the CIFAR-10 or
 * CIFAR-100 binary distribution, or MNIST's idx files, plain or packed by gzip.
 */
public final class Datasets {
    private Datasets() {}

    /**
     * Decodes what the cache does not hold yet and opens all splits.
     *
     * @throws DataException if the folder has none of the layouts, or a file in it cannot be used
     */
    public static DataSets open(Path root, DataOptions options) {
        try {
            return open(root, Layout.of(root), options);
        } catch (IOException e) {
            throw Layout.unreadable(root, e);
        }
    }

    private static DataSets open(Path root, Layout.Splits splits, DataOptions options) throws IOException {
        DataListener listener = options.listener();
        DecodedCache cache = new DecodedCache(options.cache(), options.decoding(), listener);
        CachedImages all = cache.open(splits.train(), null);
        List<Skipped> skipped = new ArrayList<>(all.skipped());
        Optional<CachedImages> validation = open(cache, splits.validation(), all, skipped);
        Optional<CachedImages> test = open(cache, splits.test(), all, skipped);
        if (test.isEmpty()) {
            listener.note("data folder " + root + " has no test split: none is offered");
        }
        if (!skipped.isEmpty()) {
            listener.note(skipped.size() + " corrupt images skipped in " + root);
        }
        Optional<Source> tests = test.map(images -> images);
        if (validation.isPresent() || options.validationFraction() == 0) {
            Statistics statistics =
                    all.statistics(IntStream.range(0, all.size()).toArray());
            return new DataSets(all, validation.map(images -> images), tests, statistics, skipped);
        }
        HoldOut split = HoldOut.of(all.answers(), options.validationFraction(), options.seed());
        listener.note("no validation split: " + split.held().length + " of " + all.size()
                + " training images held out for it");
        Optional<Source> held =
                split.held().length == 0 ? Optional.empty() : Optional.of(new Subset(all, split.held(), false));
        return new DataSets(new Subset(all, split.kept(), true), held, tests, all.statistics(split.kept()), skipped);
    }

    private static Optional<CachedImages> open(
            DecodedCache cache, Optional<Originals> originals, CachedImages train, List<Skipped> skipped)
            throws IOException {
        if (originals.isEmpty()) {
            return Optional.empty();
        }
        CachedImages images = cache.open(originals.get(), train.format());
        skipped.addAll(images.skipped());
        return Optional.of(images);
    }
}
