package dev.espalier.manifest.encode;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.DataException;
import dev.espalier.manifest.Column;
import dev.espalier.manifest.text.FileTokenizer;
import dev.espalier.manifest.text.TokenDropout;
import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.manifest.text.WordTokenizer;
import dev.espalier.model.Branch;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Texts as the ids of their tokens, cut or padded to one length.
 *
 * @param columns one or more, whose texts are joined by a space
 * @param length ids of a row
 */
public record TextEncoder(String modality, List<String> columns, Tokenizer tokenizer, int length) implements Encoder {
    /** The share of training texts that are not cut. */
    private static final double WHOLE = 0.99;

    private static final List<String> OF_WORDS =
            List.of(Column.TOKENIZER, "words", "least-count", "ngrams", "length", "input");
    private static final List<String> OF_FILES = List.of(Column.TOKENIZER, "length", "input");

    private static final int LONGEST = 256;
    private static final int SHORTEST = 4;

    public TextEncoder {
        columns = List.copyOf(columns);
        if (length < 1) {
            throw new DataException("texts of columns " + columns + ": expected a length of at least 1, got " + length);
        }
    }

    /**
     * Learns the words of training texts, unless a file describes a tokenizer, and the length that 99 of 100 have.
     *
     * @param columns of one input; the settings of the first are {@code tokenizer}, {@code length}, and without {@code tokenizer}
     *     {@code words}, {@code least-count}, {@code ngrams}
     */
    static TextEncoder fit(List<Column> columns, List<String> texts) {
        Column first = columns.get(0);
        columns.forEach(column -> requireSame(first, column));
        boolean described = first.settings().containsKey(Column.TOKENIZER);
        Settings settings = new Settings(first, described ? OF_FILES : OF_WORDS);
        Tokenizer tokenizer = described
                ? FileTokenizer.read(Path.of(settings.text(Column.TOKENIZER, "")))
                : WordTokenizer.learn(
                        texts,
                        settings.integer("words", 20_000, 1, 1 << 22),
                        settings.integer("least-count", 2, 1, 1 << 20),
                        settings.integer("ngrams", 1, 1, 2));
        int[] lengths = texts.stream()
                .mapToInt(text -> tokenizer.ids(text).length)
                .sorted()
                .toArray();
        int usual = lengths.length == 0 ? SHORTEST : lengths[(int) (WHOLE * (lengths.length - 1))];
        int length = settings.integer("length", Math.max(SHORTEST, Math.min(LONGEST, usual)), 1, 1 << 16);
        return new TextEncoder(
                settings.text("input", first.name()),
                columns.stream().map(Column::name).toList(),
                tokenizer,
                length);
    }

    /** Refuses settings of a further column of an input that are not those of the first. */
    private static void requireSame(Column first, Column column) {
        column.settings().forEach((name, value) -> {
            if (!name.equals("input") && !value.equals(first.settings().get(name))) {
                throw new DataException("column '" + column.name() + "', " + name + ": expected what column '"
                        + first.name() + "' says, as both are one input, got '" + value + "'; say it there");
            }
        });
    }

    /** The text of a row; null if all its cells are missing. */
    static @Nullable String joined(List<@Nullable String> cells) {
        String text = cells.stream().filter(Objects::nonNull).collect(Collectors.joining(" "));
        return text.isBlank() ? null : text;
    }

    @Override
    public DType stored() {
        return DType.I32;
    }

    @Override
    public Shape shape() {
        return Shape.of(length);
    }

    @Override
    public boolean encode(List<@Nullable String> cells, CellReader reader, ByteBuffer to) {
        String text = joined(cells);
        if (text == null) {
            return false;
        }
        for (int id : tokenizer.ids(text, length)) {
            to.putInt(id);
        }
        return true;
    }

    @Override
    public List<Branch> branches() {
        return List.of(new Branch.Text(modality, length, tokenizer.vocabulary()));
    }

    @Override
    public Feeder feeder(BatchOptions options, int epoch) {
        double probability = options.augmentation().mixed().tokenDropout();
        TokenDropout dropout = TokenDropout.of(probability, tokenizer);
        return (rows, present, indices, inputs) -> {
            long[] ids = rows.toLongArray();
            for (int i = 0; i < present.length; i++) {
                if (!present[i]) {
                    Arrays.fill(ids, i * length, (i + 1) * length, tokenizer.padding());
                }
            }
            if (probability > 0) {
                ids = dropout.apply(ids, indices, options.sampling().seed(), epoch);
            }
            inputs.put(modality, Tensor.of(ids, indices.length, length).to(options.device()));
            inputs.put(Branch.present(modality), Presence.of(present, options.device()));
        };
    }
}
