package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.data.OnCorrupt;
import dev.espalier.manifest.Label.Kind;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableOptions;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A data set described by a map, as it stands in a YAML file.
 *
 * <pre>
 * files: manifest.csv     # or a list; or a map from split to files; names may be globs
 * header: [label, title]  # names of the columns where the files have no header line
 * root: .                 # what paths in cells are relative to; the description's folder if not given
 * columns:                # found out from names and cells if not given; columns that are not listed are not used
 *   label: label          # the type alone
 *   title: {type: text, input: words}
 * classes: [World, Sports]  # names of the label's values in order, or a map from value to name
 * label: {kind: class, separator: "|"}  # kind: class, multi or number
 * on-corrupt: skip        # or fail
 * </pre>
 */
public final class ManifestFile {
    private static final List<String> KEYS =
            List.of("files", "header", "root", "columns", "classes", "label", "on-corrupt");
    private static final String WHAT = "manifest";

    private ManifestFile() {}

    /**
     * Reads the data set that {@code description} describes.
     *
     * @param description values are texts, numbers, booleans, lists and maps
     * @param folder what relative paths in the description start from
     * @param options what the description may change: header and policy; listener and limit stay
     * @throws DataException if the description or the data is refused
     */
    public static Manifest read(Map<String, ?> description, Path folder, TableOptions options) {
        Description given = Description.of(WHAT, description, KEYS);
        LabelPlan plan = labelPlan(given);
        Path root = resolve(folder, given.text("root").orElse("."), given.named("root") + ": expected a folder");
        TableOptions reading = options(given, options);
        Object files = given.get("files")
                .orElseThrow(() -> new DataException(WHAT + ": expected the key 'files', got "
                        + Table.named(List.copyOf(given.values().keySet())) + "; write files: FILE.csv"));
        List<TableFile> found = new FileList(folder).find(given.named("files"), files);
        Table table = TableFile.join(found, reading);
        return Manifest.of(root, columns(given, folder, found, table, root, reading), table, plan, reading);
    }

    private static TableOptions options(Description given, TableOptions options) {
        TableOptions read = given.get("header")
                .map(header -> options.withHeader(Description.texts(given.named("header"), header)))
                .orElse(options);
        return read.withOnCorrupt(
                given.choice("on-corrupt", List.of(OnCorrupt.values())).orElse(options.onCorrupt()));
    }

    private static Columns columns(
            Description given, Path folder, List<TableFile> files, Table table, Path root, TableOptions options) {
        Optional<Object> value = given.get("columns");
        if (value.isEmpty()) {
            return inferred(table, root, options);
        }
        Map<String, Object> described =
                Description.of(given.named("columns"), value.get()).values();
        described.keySet().forEach(table::indexOf);
        List<Column> columns = new ArrayList<>();
        List<String> unused = new ArrayList<>();
        boolean split = files.get(0).split().isPresent();
        for (String name : table.columns()) {
            Object meaning = described.get(name);
            if (meaning != null) {
                columns.add(column(name, meaning, folder));
            } else if (split && name.equals(TableFile.SPLIT)) {
                columns.add(Column.of(name, ColumnType.SPLIT));
            } else {
                unused.add(name);
                columns.add(Column.of(name, ColumnType.IGNORE));
            }
        }
        if (!unused.isEmpty()) {
            options.listener().note("columns that are not described are not used: " + Table.named(unused));
        }
        return new Columns(columns);
    }

    private static Columns inferred(Table table, Path root, TableOptions options) {
        Inferred inferred = Columns.infer(table, root);
        inferred.lines().forEach(line -> options.listener().note("column " + line));
        return inferred.columns();
    }

    private static Column column(String name, Object value, Path folder) {
        String what = "column '" + OneLine.of(name) + "'";
        if (!(value instanceof Map)) {
            return Column.of(name, ColumnType.of(what, Description.text(what, value)));
        }
        Map<String, Object> settings =
                new LinkedHashMap<>(Description.of(what, value).values());
        Object type = settings.remove("type");
        if (type == null) {
            throw new DataException(what + ": expected the key 'type', got "
                    + Table.named(List.copyOf(settings.keySet())) + "; write {type: text, ...}");
        }
        settings.computeIfPresent(Column.TOKENIZER, (key, file) -> {
            String setting = what + ", " + key;
            return resolve(folder, Description.text(setting, file), setting + ": expected a file")
                    .toString();
        });
        return new Column(name, ColumnType.of(what, Description.text(what, type)), settings);
    }

    private static LabelPlan labelPlan(Description given) {
        Description label = Description.of("label", given.get("label").orElse(Map.of()), List.of("kind", "separator"));
        Kind kind = label.choice("kind", List.of(Kind.values())).orElse(Kind.CLASS);
        String separator = label.text("separator").orElse("|");
        Object classes = given.values().get("classes");
        if (classes instanceof Map) {
            Map<String, String> names = new LinkedHashMap<>();
            Description.of("classes", classes)
                    .values()
                    .forEach((value, name) -> names.put(value, Description.text("classes", name)));
            return new LabelPlan(kind, separator, List.of(), names);
        }
        List<String> order = classes == null ? List.of() : Description.texts("classes", classes);
        return new LabelPlan(kind, separator, order, Map.of());
    }

    private static Path resolve(Path folder, String path, String expected) {
        try {
            return folder.resolve(path).normalize();
        } catch (InvalidPathException e) {
            throw new DataException(expected + ", got '" + OneLine.of(path) + "'", e);
        }
    }
}
