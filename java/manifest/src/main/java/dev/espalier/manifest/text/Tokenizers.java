package dev.espalier.manifest.text;

import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;

/** Opens files that describe tokenizers. */
public final class Tokenizers {
    /** Bytes of the largest file that is read; vocabularies of all the world's languages take half of it. */
    public static final int LARGEST = 64 << 20;

    private Tokenizers() {}

    /**
     * The content of a tokenizer's file, to be opened and to be kept in models.
     *
     * @throws DataException if it cannot be read or is larger than {@link #LARGEST}
     */
    public static byte[] content(Path file) {
        try {
            long size = Files.size(file);
            if (!Files.isRegularFile(file) || size > LARGEST) {
                throw new DataException("tokenizer " + file + ": expected a file of at most " + LARGEST + " bytes, got "
                        + (size > LARGEST ? size + " bytes" : "something else"));
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new DataException(
                    "tokenizer " + file + ": cannot be read (" + e + "); check its path and permissions", e);
        }
    }

    /**
     * The tokenizer that content describes.
     *
     * @param name the file's name, without folder, by which its kind is known
     * @throws DataException if no module on the class path reads files of this name, or if it is no such content or larger than
     *     {@link #LARGEST}
     */
    public static Tokenizer open(String name, byte[] content) {
        if (content.length > LARGEST) {
            throw new DataException("tokenizer " + name + ": expected at most " + LARGEST + " bytes, got "
                    + content.length + "; use one with a smaller vocabulary");
        }
        for (TokenizerFormat format : ServiceLoader.load(TokenizerFormat.class)) {
            if (format.reads(name)) {
                return format.open(name, content);
            }
        }
        throw new DataException("tokenizer " + name + ": nothing on the class path reads it; what is named"
                + " tokenizer.json is read by dev.espalier:espalier-tokenizers, add it");
    }
}
