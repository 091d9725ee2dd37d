package dev.espalier.manifest.check;

import dev.espalier.data.PictureDecoder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * One sample of a data set, not looked at yet.
 *
 * @param split that it belongs to
 * @param name where it is found
 * @param labels its classes in the order of their names, or its number as text
 * @param group whose samples should stay together
 * @param cells one for each input
 */
record Sample(String split, String name, List<String> labels, Optional<String> group, List<Cell> cells) {
    Sample {
        labels = labels.stream().sorted().toList();
        cells = List.copyOf(cells);
    }

    /** The labels as one text. */
    String label() {
        return String.join(", ", labels);
    }

    /** One input of a sample. */
    @FunctionalInterface
    interface Cell {
        /**
         * Reads it; may be called by any thread.
         *
         * @param decoder of the calling thread
         * @throws IOException if it cannot be read or does not decode
         */
        Look look(PictureDecoder decoder) throws IOException;
    }
}
