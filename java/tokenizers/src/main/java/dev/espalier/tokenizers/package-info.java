/** Tokenizers that {@code tokenizer.json} files describe, run by the native library of Hugging Face. */
@NullMarked
package dev.espalier.tokenizers;

import org.jspecify.annotations.NullMarked;
