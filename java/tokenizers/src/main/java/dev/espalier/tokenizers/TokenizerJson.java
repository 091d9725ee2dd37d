package dev.espalier.tokenizers;

import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.manifest.text.TokenizerFormat;

/**
 * {@code tokenizer.json} files of Hugging Face's tokenizers: WordLevel, WordPiece, BPE, Unigram.
 *
 * <p>Trust: the native library ends the process over some damaged files instead of refusing them. Those that are known are
 * refused before; nobody knows them all, so open files, and models that hold them, only of sources you trust.
 */
public final class TokenizerJson implements TokenizerFormat {
    @Override
    public boolean reads(String name) {
        return name.endsWith("tokenizer.json");
    }

    @Override
    public Tokenizer open(String name, byte[] content) {
        return new NativeTokenizer(name, TokenizerFile.of(name, content));
    }
}
