package dev.espalier.data;

/** What happens to an image that cannot be decoded. */
public enum OnCorrupt {
    /** The image is named, left out and counted. */
    SKIP,
    /** The data set is refused at the first such image. */
    FAIL
}
