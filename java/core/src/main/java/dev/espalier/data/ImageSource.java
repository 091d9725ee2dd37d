package dev.espalier.data;

import dev.espalier.runtime.Shape;
import java.nio.ByteBuffer;
import java.util.List;

/** Labelled images of one size, read by index as bytes; safe for use by several threads. */
public interface ImageSource extends AutoCloseable {
    /** The number of images. */
    int size();

    /** The class names; a label is an index into this list. */
    List<String> classes();

    /** The label of every image, in a new array. */
    int[] labels();

    /** {@code [channels, height, width]}. */
    Shape imageShape();

    /**
     * Puts the image's bytes, one per sample in channel, row, column order, at the buffer's position and moves it on.
     *
     * @throws IndexOutOfBoundsException if there is no such image
     * @throws java.nio.BufferOverflowException if the buffer has too little room
     */
    void read(int index, ByteBuffer to);

    /** Where the image came from: a path relative to the data folder, with a record number where a file holds many. */
    String name(int index);

    /** SHA-256 in hexadecimal of shape, class names, image names, labels and pixels. */
    String fingerprint();

    /** Lets go of files and mappings. */
    @Override
    void close();
}
