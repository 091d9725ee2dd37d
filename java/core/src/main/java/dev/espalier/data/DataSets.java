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

    /** The same images, fed with other channel means and deviations, such as those of the model that takes them. */
    public DataSets fedWith(Statistics others) {
        return new DataSets(train, validation, test, others, skipped);
    }

    /**
     * The splits for comparing recipes without a look at the test split: what was held out for validation is in the place of the
     * test split, and choices are made on a further share of training. The images stay this value's, which alone is to be closed.
     *
     * @param fraction the share of training held out for choices
     */
    public DataSets comparing(double fraction, long seed) {
        ImageSource measured = validation.orElseThrow(
                () -> new DataException("a comparison is stated on a validation split, and this data has none;"
                        + " hold a share out with validation-fraction above 0"));
        HoldOut split = HoldOut.of(train.labels(), classes().size(), fraction, seed);
        Optional<ImageSource> choices =
                split.held().length == 0 ? Optional.empty() : Optional.of(new Subset(train, split.held()));
        return new DataSets(new Subset(train, split.kept()), choices, Optional.of(measured), statistics, skipped);
    }

    /** Closes all splits. */
    @Override
    public void close() {
        train.close();
        validation.ifPresent(ImageSource::close);
        test.ifPresent(ImageSource::close);
    }
}
