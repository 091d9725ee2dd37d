package dev.espalier.manifest.table;

import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Reads table files by the ending of their names. */
public final class Tables {
    private Tables() {}

    /**
     * The table in {@code file}, with at least one row.
     *
     * @throws DataException if it cannot be read, is no table, or has a bad row and bad rows are not to be left out
     */
    public static Table read(Path file, TableOptions options) {
        if (!Files.isRegularFile(file)) {
            throw new DataException("table " + file + ": expected a file, got "
                    + (Files.exists(file) ? "something else" : "nothing") + "; check the path");
        }
        try {
            return format(file).read(file, options);
        } catch (IOException e) {
            throw new DataException(
                    "table " + file + ": cannot be read (" + e + "); check its permissions and the disk", e);
        }
    }

    /** Whether {@link #read} knows files named so. */
    public static boolean knows(Path file) {
        return formats().stream().anyMatch(format -> format.extensions().contains(extension(file)));
    }

    private static TableFormat format(Path file) {
        List<TableFormat> formats = formats();
        return formats.stream()
                .filter(format -> format.extensions().contains(extension(file)))
                .findFirst()
                .orElseThrow(() -> new DataException("table " + file + ": expected a name that ends in "
                        + formats.stream()
                                .flatMap(format -> format.extensions().stream())
                                .map(known -> "." + known)
                                .collect(Collectors.joining(", "))
                        + "; rename it, or add dev.espalier:espalier-parquet for .parquet"));
    }

    private static List<TableFormat> formats() {
        List<TableFormat> formats = new ArrayList<>(List.of(new DelimitedText(), new JsonLines()));
        ServiceLoader.load(TableFormat.class).forEach(formats::add);
        return formats;
    }

    private static String extension(Path file) {
        String name = file.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}
