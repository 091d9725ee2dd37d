package dev.espalier.data;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Is told what happens while a data set is opened; called from the opening thread only. */
public interface DataListener {
    /** A fact that the user should know, for instance that there is no test folder. */
    default void note(String message) {}

    /** An image was left out. */
    default void skipped(Skipped image) {}

    /** {@code done} of {@code total} images of the split are decoded; called once per image. */
    default void decoded(String split, int done, int total) {}

    /** Hears nothing. */
    static DataListener silent() {
        return new DataListener() {};
    }

    /** Writes notes and skipped images to the log. */
    static DataListener logging() {
        Logger log = LoggerFactory.getLogger(DataListener.class);
        return new DataListener() {
            @Override
            public void note(String message) {
                log.info("{}", message);
            }

            @Override
            public void skipped(Skipped image) {
                log.warn("skipped {}: {}", image.name(), image.reason());
            }
        };
    }
}
