package dev.espalier.manifest.text;

import dev.espalier.data.DataException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** A tokenizer with the text of the file that describes it, which is all that it needs and what models hold. */
public final class FileTokenizer implements Tokenizer {
    private final String name;
    private final String content;
    private final int[] rows;
    private final Tokenizer whole;
    private final Tokenizer left;

    private FileTokenizer(String name, String content, int[] rows, Tokenizer whole) {
        this.name = name;
        this.content = content;
        this.rows = rows;
        this.whole = whole;
        this.left = rows.length == 0 ? whole : new KeptRows(whole, rows);
    }

    /**
     * The tokenizer that a file describes.
     *
     * @throws DataException if it cannot be read, is no text, or no module on the class path reads it
     */
    public static FileTokenizer read(Path file) {
        String name = String.valueOf(file.getFileName());
        byte[] bytes = Tokenizers.content(file);
        Tokenizer whole = Tokenizers.open(name, bytes);
        try {
            String content = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return new FileTokenizer(name, content, new int[0], whole);
        } catch (CharacterCodingException e) {
            throw new DataException(
                    "tokenizer " + file + ": expected text in UTF-8, got other bytes; save it again", e);
        }
    }

    /**
     * The tokenizer that the text of a file describes.
     *
     * @param name the file's name, without folder
     * @param rows the ids that are left, ascending; none if all are
     * @throws DataException if no module on the class path reads it, or if it is no such text
     */
    public static FileTokenizer of(String name, String content, int[] rows) {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        return new FileTokenizer(name, content, rows.clone(), Tokenizers.open(name, bytes));
    }

    /** The file's name, without folder. */
    public String name() {
        return name;
    }

    /** The text of the file. */
    public String content() {
        return content;
    }

    /** The ids of the file that are left, ascending; none if all are. */
    public int[] rows() {
        return rows.clone();
    }

    @Override
    public int[] ids(String text) {
        return left.ids(text);
    }

    @Override
    public int[] ids(String text, int length) {
        return left.ids(text, length);
    }

    @Override
    public int vocabulary() {
        return left.vocabulary();
    }

    @Override
    public int padding() {
        return left.padding();
    }

    @Override
    public int unknown() {
        return left.unknown();
    }

    @Override
    public String token(int id) {
        return left.token(id);
    }

    @Override
    public FileTokenizer withRows(int[] kept) {
        KeptRows.requireRows(left, kept);
        int[] ofFile = rows.length == 0
                ? kept.clone()
                : Arrays.stream(kept).map(row -> rows[row]).toArray();
        return new FileTokenizer(name, content, ofFile, whole);
    }
}
