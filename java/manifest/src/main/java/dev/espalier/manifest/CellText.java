package dev.espalier.manifest;

import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How cells of numbers and categories are read. */
public final class CellText {
    private static final Set<String> MISSING = Set.of("NA", "N/A", "n/a", "NaN", "nan", "null", "NULL");
    /** Decimal notation only: no hexadecimal, no type suffix, no words. */
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    private CellText() {}

    /** Whether a cell of a number or a category says that the value is missing: no text, or one of NA, N/A, NaN and null. */
    public static boolean isMissing(@Nullable String cell) {
        return cell == null || cell.isBlank() || MISSING.contains(cell.strip());
    }

    /** The finite number that {@code cell} is in decimal notation; empty if it is none. */
    public static OptionalDouble number(String cell) {
        String text = cell.strip();
        if (!DECIMAL.matcher(text).matches()) {
            return OptionalDouble.empty();
        }
        double value = Double.parseDouble(text);
        return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
    }
}
