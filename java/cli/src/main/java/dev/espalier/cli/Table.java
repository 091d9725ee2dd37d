package dev.espalier.cli;

import java.io.PrintWriter;
import java.text.NumberFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Rows in aligned columns: numbers to the right, everything else to the left. */
final class Table {
    private record Cell(String text, boolean right) {
        static Cell of(Object value) {
            if (value instanceof Double number) {
                return new Cell(String.format(Locale.ROOT, "%.4g", number), true);
            }
            if (value instanceof Number number) {
                return new Cell(NumberFormat.getIntegerInstance(Locale.ROOT).format(number), true);
            }
            return new Cell(value.toString(), false);
        }

        String padded(int width) {
            String blanks = " ".repeat(width - text.length());
            return right ? blanks + text : text + blanks;
        }
    }

    private final List<List<Cell>> rows = new ArrayList<>();

    Table row(Object... cells) {
        rows.add(Arrays.stream(cells).map(Cell::of).toList());
        return this;
    }

    void print(PrintWriter out) {
        int columns = rows.stream().mapToInt(List::size).max().orElse(0);
        int[] widths = new int[columns];
        for (List<Cell> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], row.get(i).text().length());
            }
        }
        for (List<Cell> row : rows) {
            List<String> padded = new ArrayList<>();
            for (int i = 0; i < row.size(); i++) {
                padded.add(row.get(i).padded(widths[i]));
            }
            out.println(String.join("  ", padded).stripTrailing());
        }
    }
}
