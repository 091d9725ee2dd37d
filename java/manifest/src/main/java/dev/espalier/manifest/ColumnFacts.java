package dev.espalier.manifest;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts over the cells of one column.
 *
 * @param rows all cells
 * @param values the different cells that are not missing
 * @param present cells that are not missing
 * @param numbers cells that are finite numbers
 * @param integers cells that are whole numbers
 * @param least the least number; infinite if there is none
 * @param greatest the greatest number; infinite if there is none
 * @param words words of all cells together, set apart by white space
 */
record ColumnFacts(
        int rows,
        Set<String> values,
        int present,
        int numbers,
        int integers,
        double least,
        double greatest,
        long words) {
    /** Of the cells that are not missing, at least this share must fit a type. */
    private static final double MOST = 0.99;

    static ColumnFacts of(List<@Nullable String> cells) {
        Set<String> values = new HashSet<>();
        int present = 0;
        int numbers = 0;
        int integers = 0;
        long words = 0;
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        for (String cell : cells) {
            if (cell == null || CellText.isMissing(cell)) {
                continue;
            }
            present++;
            values.add(cell);
            words += words(cell);
            OptionalDouble number = CellText.number(cell);
            if (number.isPresent()) {
                double value = number.getAsDouble();
                numbers++;
                integers += value == Math.rint(value) ? 1 : 0;
                least = Math.min(least, value);
                greatest = Math.max(greatest, value);
            }
        }
        return new ColumnFacts(cells.size(), values, present, numbers, integers, least, greatest, words);
    }

    private static int words(String cell) {
        int words = 0;
        boolean inside = false;
        for (int i = 0; i < cell.length(); i++) {
            boolean space = Character.isWhitespace(cell.charAt(i));
            words += !space && !inside ? 1 : 0;
            inside = !space;
        }
        return words;
    }

    int distinct() {
        return values.size();
    }

    boolean isUnique() {
        return distinct() == rows;
    }

    boolean isNumeric() {
        return numbers >= MOST * present;
    }

    boolean isWhole() {
        return integers == numbers;
    }

    /** Whether the cells count the rows: whole numbers without a gap. */
    boolean isCount() {
        return isUnique() && integers == rows && greatest - least == rows - 1;
    }

    /** How often a value stands, on average. */
    double repeats() {
        return (double) present / distinct();
    }

    double meanWords() {
        return (double) words / present;
    }

    boolean isSplit() {
        return values.stream().allMatch(value -> Split.of(value).isPresent());
    }

    /** Whether the different cells end in one of the suffixes. */
    boolean endIn(List<String> suffixes) {
        long ending = values.stream().filter(value -> endsIn(value, suffixes)).count();
        return ending >= MOST * distinct();
    }

    private static boolean endsIn(String value, List<String> suffixes) {
        String lower = value.toLowerCase(Locale.ROOT);
        return suffixes.stream().anyMatch(lower::endsWith);
    }
}
