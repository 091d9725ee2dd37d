package dev.espalier.data;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** The images of one split as they lie on disk, before decoding. */
interface Originals {
    /** For example {@code train}. */
    String split();

    List<String> classes();

    /** The number of images. */
    int size();

    /** Tells all that decides the pixels: paths, lengths, times of change. */
    void identify(Consumer<String> facts) throws IOException;

    /** The format that most images have. */
    PictureFormat survey(PictureDecoder decoder, OnCorrupt onCorrupt) throws IOException;

    /** Starts to go through the images in order. */
    Feed open() throws IOException;

    /** A walk through the images of a split in order. */
    interface Feed extends Closeable {
        /** The next image; called {@link Originals#size()} times. */
        Original next() throws IOException;
    }
}
