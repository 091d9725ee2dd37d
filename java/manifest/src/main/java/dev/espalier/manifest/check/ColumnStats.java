package dev.espalier.manifest.check;

import dev.espalier.data.Statistics;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one input of a data set is like, over all splits.
 *
 * @param type as {@link dev.espalier.manifest.ColumnType#label()}
 * @param present cells with a value
 * @param missing cells without
 * @param corrupt files that cannot be read
 * @param detail what there is to say of a column of its type; null if no value could be read
 */
public record ColumnStats(
        String name,
        String type,
        long present,
        long missing,
        long corrupt,
        @Nullable Detail detail) {

    /** What there is to say of a column of one type. */
    public sealed interface Detail {}

    /**
     * Pictures.
     *
     * @param sizes the commonest, as height x width
     * @param distinctSizes the number of different ones
     * @param modes how many are {@code grey} and {@code rgb}
     * @param channels mean and deviation over the pixels of training, 0 to 1, by mode
     */
    public record Images(
            Map<String, Long> sizes,
            long distinctSizes,
            Quantiles heights,
            Quantiles widths,
            Map<String, Long> modes,
            Map<String, Statistics> channels)
            implements Detail {}

    /**
     * Sounds, their channels averaged.
     *
     * @param rates the commonest, in Hz
     * @param seconds how long they are
     * @param level root mean square in dB relative to full scale, of those that are not silent; null if all are
     * @param silent how many have no sample but 0
     */
    public record Sounds(
            Map<String, Long> rates,
            Quantiles seconds,
            @Nullable Quantiles level,
            long silent) implements Detail {}

    /**
     * Texts.
     *
     * @param characters their lengths in UTF-16 units
     * @param words their lengths in words
     * @param vocabulary the number of different words, counted up to 2^20
     */
    public record Texts(Quantiles characters, Quantiles words, long vocabulary) implements Detail {}

    /**
     * Numbers.
     *
     * @param values those that are numbers; null if none is
     * @param unreadable cells that are neither missing nor a number
     */
    public record Figures(@Nullable Quantiles values, long unreadable) implements Detail {}

    /**
     * Categories.
     *
     * @param values the commonest
     * @param distinct the number of different ones
     */
    public record Categories(Map<String, Long> values, long distinct) implements Detail {}
}
