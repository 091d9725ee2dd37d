package dev.espalier.manifest.text;

/** A kind of file that describes a tokenizer; kinds on the class path are found through {@link java.util.ServiceLoader}. */
public interface TokenizerFormat {
    /** Whether files of this name, without folder, are of this kind. */
    boolean reads(String name);

    /**
     * The tokenizer that the content of a file describes, which may lie in a model's metadata; reads nothing else.
     *
     * @param name names the file in messages
     * @throws dev.espalier.data.DataException if it is no such content
     */
    Tokenizer open(String name, byte[] content);
}
