package dev.espalier.manifest.table;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of one word a line; a format from outside, as far as the readers know. */
public final class WordLines implements TableFormat {
    @Override
    public List<String> extensions() {
        return List.of("words");
    }

    @Override
    public Table read(Path file, TableOptions options) throws IOException {
        List<Table.Row> rows = new ArrayList<>();
        for (String word : Files.readAllLines(file)) {
            if (word.contains(" ")) {
                options.reject(word, "expected one word, got more");
            } else {
                rows.add(new Table.Row(word, List.of(word)));
            }
        }
        return new Table(List.of("word"), rows);
    }
}
