package dev.espalier.manifest.fetch;

/** Is told how a fetch goes; called from the fetching thread. */
public interface FetchListener {
    /** Something that the user should know, such as an attempt that failed. */
    default void note(String message) {}

    /**
     * {@code done} bytes of a file are on the disk.
     *
     * @param total its length; 0 if nobody has told it
     */
    default void transferred(String file, long done, long total) {}

    /** Hears nothing. */
    static FetchListener silent() {
        return new FetchListener() {};
    }
}
