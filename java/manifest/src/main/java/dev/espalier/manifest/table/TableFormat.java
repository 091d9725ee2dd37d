package dev.espalier.manifest.table;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A kind of table file; kinds on the class path are found through {@link java.util.ServiceLoader}. */
public interface TableFormat {
    /** What names of such files end in after the last dot, in lower case. */
    List<String> extensions();

    /**
     * Reads the whole file. Rows that cannot be used go to {@link TableOptions#reject}.
     *
     * @throws dev.espalier.data.DataException if it is no such file
     * @throws IOException if its bytes cannot be read
     */
    Table read(Path file, TableOptions options) throws IOException;
}
