package dev.espalier.data;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The splits of one data set, with classes and form of the samples in common.
 *
 * @param train what is learnt from
 * @param validation what choices are made on; empty if no share was held out
 * @param test what is looked at once, at the end; empty if the data set has none
 * @param statistics channel mean and deviation of {@code train}; of no channels where the samples are not images alone
 * @param skipped the samples left out, of all splits
 */
public record DataSets(
        Source train, Optional<Source> validation, Optional<Source> test, Statistics statistics, List<Skipped> skipped)
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

    /**
     * The training split as images.
     *
     * @throws DataException if the samples are something else
     */
    public ImageSource images() {
        if (train instanceof ImageSource images) {
            return images;
        }
        throw new DataException("this needs labelled images alone, and the samples hold " + train.modalities());
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
        Source measured = validation.orElseThrow(
                () -> new DataException("a comparison is stated on a validation split, and this data has none;"
                        + " hold a share out with validation-fraction above 0"));
        HoldOut split = HoldOut.of(train.answers(), fraction, seed);
        Optional<Source> choices = split.held().length == 0 ? Optional.empty() : Optional.of(train.rows(split.held()));
        return new DataSets(train.rows(split.kept()), choices, Optional.of(measured), statistics, skipped);
    }

    /** Closes all splits. */
    @Override
    public void close() {
        train.close();
        validation.ifPresent(Source::close);
        test.ifPresent(Source::close);
    }
}
