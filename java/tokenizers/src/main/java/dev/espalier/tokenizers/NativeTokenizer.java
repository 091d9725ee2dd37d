package dev.espalier.tokenizers;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.manifest.text.WordTokenizer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * A tokenizer of the native library; reads the first {@link WordTokenizer#CHARACTERS} UTF-16 units of a text. Its native
 * memory is freed when it is garbage.
 */
final class NativeTokenizer implements Tokenizer {
    private static final Cleaner CLEANER = Cleaner.create();

    private final String name;
    private final TokenizerFile file;
    private final TokenizersLibrary library = NativeLibrary.LIBRARY;
    private final long handle;

    NativeTokenizer(String name, TokenizerFile file) {
        this.name = name;
        this.file = file;
        this.handle = open(library, name, file.json());
        CLEANER.register(this, closing(library, handle));
    }

    private static long open(TokenizersLibrary library, String name, String json) {
        try {
            return library.createTokenizerFromString(json);
        } catch (RuntimeException e) {
            throw TokenizerFile.refusal(name, e.getMessage(), e);
        }
    }

    /** Apart, so that it does not keep the tokenizer alive. */
    private static Runnable closing(TokenizersLibrary library, long handle) {
        return () -> library.deleteTokenizer(handle);
    }

    @Override
    public int[] ids(String text) {
        return encode(text, closing -> {});
    }

    /** The special tokens that end a text end also one that is cut. */
    @Override
    public int[] ids(String text, int length) {
        int[] closing = {0};
        int[] ids = encode(text, count -> closing[0] = Math.min(count, length));
        int[] fitted = fit(ids, length);
        if (ids.length > length) {
            System.arraycopy(ids, ids.length - closing[0], fitted, length - closing[0], closing[0]);
        }
        return fitted;
    }

    /** The ids of a text; {@code closing} is told how many at their end are of special tokens. */
    private int[] encode(String text, IntConsumer closing) {
        long encoding = 0;
        try {
            encoding = library.encode(handle, readable(text), true);
            closing.accept(closing(library.getSpecialTokenMask(encoding)));
            return Arrays.stream(library.getTokenIds(encoding))
                    .mapToInt(this::id)
                    .toArray();
        } catch (RuntimeException e) {
            throw new DataException(
                    "tokenizer " + name + ": cannot read a text: " + OneLine.of(String.valueOf(e.getMessage()))
                            + "; give its model an unk_token that is in its vocabulary",
                    e);
        } finally {
            if (encoding != 0) {
                library.deleteEncoding(encoding);
            }
            Reference.reachabilityFence(this);
        }
    }

    private int id(long id) {
        return id >= 0 && id < file.tokens().size() ? (int) id : file.unknown();
    }

    private static int closing(long[] special) {
        int count = 0;
        while (count < special.length && special[special.length - 1 - count] != 0) {
            count++;
        }
        return count;
    }

    /** What is read of a text, with U+FFFD for unpaired surrogates. */
    private static String readable(String text) {
        int length = Math.min(text.length(), WordTokenizer.CHARACTERS);
        StringBuilder readable = new StringBuilder(length);
        for (int at = 0; at < length; ) {
            int point = text.codePointAt(at);
            readable.appendCodePoint(Character.getType(point) == Character.SURROGATE ? 0xFFFD : point);
            at += Character.charCount(point);
        }
        return readable.toString();
    }

    @Override
    public int vocabulary() {
        return file.tokens().size();
    }

    @Override
    public int padding() {
        return file.padding();
    }

    @Override
    public int unknown() {
        return file.unknown();
    }

    @Override
    public String token(int id) {
        return file.tokens().get(id);
    }
}
