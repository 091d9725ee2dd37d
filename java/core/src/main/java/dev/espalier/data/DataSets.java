package dev.espalier.data;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The splits of one data set, with classes and image shape in common.
 *
 * @param train what is learnt from
 * @param validation what choices are made on; empty if no share was held out
 * @param test what is looked at once, at the end; empty if the data set has none
 * @param statistics channel mean and deviation of {@code train}
 * @param skipped the images left out, of all splits
 */
public record DataSets(
        ImageSource train,
        Optional<ImageSource> validation,
        Optional<ImageSource> test,
        Statistics statistics,
        List<Skipped> skipped)
        implements AutoCloseable {
    public DataSets {
        Objects.requireNonNull(train, "train");
        Objects.requireNonNull(validation, "validation");
        Objects.requireNonNull(test, "test");
        Objects.requireNonNull(statistics, "statistics");
        skipped = List.copyOf(skipped);
    }

    public List<String> classes() {
        return train.classes();
    }

    /** Closes all splits. */
    @Override
    public void close() {
        train.close();
        validation.ifPresent(ImageSource::close);
        test.ifPresent(ImageSource::close);
    }
}
