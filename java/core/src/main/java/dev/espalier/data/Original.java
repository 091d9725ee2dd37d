package dev.espalier.data;

import java.io.IOException;

/**
 * One image as it lies on disk.
 *
 * @param name path relative to the data folder
 * @param label index of its class
 * @param pixels decodes it; may be called by any thread
 */
public record Original(String name, int label, Pixels pixels) {
    /** Decodes one image. */
    @FunctionalInterface
    public interface Pixels {
        /**
         * Makes the image's pixels.
         *
         * @throws CorruptImageException if its bytes do not decode
         * @throws IOException if they cannot be read
         */
        Picture decode(PictureDecoder decoder) throws IOException;
    }
}
