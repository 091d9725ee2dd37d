package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Finds out what columns mean: first from their names, then from their cells. */
final class Inference {
    /** Names of the label's column, the surest first. */
    private static final List<String> LABELS = List.of("label", "class", "target", "y");
    /** Words in names of columns whose whole numbers measure something, however few there are. */
    private static final Set<String> MEASURES = Set.of(
            "age",
            "amount",
            "area",
            "count",
            "depth",
            "duration",
            "height",
            "length",
            "mean",
            "num",
            "number",
            "price",
            "rating",
            "ratio",
            "score",
            "size",
            "temp",
            "temperature",
            "time",
            "total",
            "weight",
            "width",
            "year");
    /** Up to so many different whole numbers may be codes. */
    private static final int FEW = 20;
    /** Up to so many different values are categories, if they come often enough. */
    private static final int MOST_CATEGORIES = 1000;
    /** Texts have at least so many words on average; names of categories have fewer. */
    private static final double TEXT_WORDS = 3;
    /** Paths looked up, spread over the column. */
    private static final int LOOKED_UP = 100;

    private final Table table;
    private final Path root;
    private final Map<ColumnType, String> named = new EnumMap<>(ColumnType.class);

    private record Finding(ColumnType type, String reason) {}

    Inference(Table table, Path root) {
        this.table = table;
        this.root = root;
    }

    Inferred infer() {
        List<String> labels =
                LABELS.stream().flatMap(name -> like(name).stream()).toList();
        if (labels.isEmpty()) {
            throw new DataException("columns: expected one named " + String.join(", ", LABELS)
                    + " for what is learnt, got " + Table.named(table.columns())
                    + "; rename it, or describe the columns in YAML with the type label");
        }
        named.put(ColumnType.LABEL, labels.get(0));
        for (ColumnType type : List.of(ColumnType.SPLIT, ColumnType.GROUP, ColumnType.ID)) {
            like(type.label()).stream().findFirst().ifPresent(name -> named.put(type, name));
        }
        List<Column> columns = new ArrayList<>();
        Map<String, String> reasons = new LinkedHashMap<>();
        for (String name : table.columns()) {
            Finding finding = labels.indexOf(name) > 0
                    ? new Finding(ColumnType.IGNORE, "named like a label, which is " + OneLine.of(labels.get(0)))
                    : find(name);
            columns.add(Column.of(name, finding.type));
            reasons.put(name, finding.reason);
        }
        return new Inferred(new Columns(columns), reasons);
    }

    private List<String> like(String name) {
        return table.columns().stream()
                .filter(column -> column.equalsIgnoreCase(name))
                .toList();
    }

    private Finding find(String name) {
        for (Map.Entry<ColumnType, String> entry : named.entrySet()) {
            if (entry.getValue().equals(name)) {
                return new Finding(entry.getKey(), "by its name");
            }
        }
        ColumnFacts facts = ColumnFacts.of(table.values(name));
        if (facts.present() == 0) {
            return new Finding(ColumnType.IGNORE, "no row has a value");
        }
        if (facts.isSplit()) {
            return only(ColumnType.SPLIT, name, "all values name a split");
        }
        if (facts.endIn(FilePaths.IMAGES)) {
            return files(ColumnType.IMAGE, name, facts);
        }
        if (facts.endIn(FilePaths.SOUNDS)) {
            return files(ColumnType.AUDIO, name, facts);
        }
        return facts.isNumeric() ? numbers(name, facts) : words(name, facts);
    }

    /** The type, if no other column has it. */
    private Finding only(ColumnType type, String name, String reason) {
        String other = named.putIfAbsent(type, name);
        return other == null
                ? new Finding(type, reason)
                : new Finding(ColumnType.IGNORE, reason + ", but the " + type.label() + " is " + OneLine.of(other));
    }

    private Finding files(ColumnType type, String name, ColumnFacts facts) {
        List<String> paths = facts.values().stream().sorted().toList();
        int step = Math.max(1, paths.size() / LOOKED_UP);
        int lookedUp = 0;
        for (int i = 0; i < paths.size(); i += step) {
            lookedUp++;
            if (FilePaths.fault(root, paths.get(i)).isEmpty()) {
                return new Finding(type, "paths of " + (type == ColumnType.IMAGE ? "pictures" : "sounds"));
            }
        }
        throw new DataException("column '" + OneLine.of(name) + "': expected files below " + root + ", got none of "
                + lookedUp + " looked up, such as '" + OneLine.of(paths.get(0)) + "'; set root in a YAML description");
    }

    private Finding numbers(String name, ColumnFacts facts) {
        if (facts.isCount() && facts.rows() > FEW) {
            return only(ColumnType.ID, name, "counts the rows");
        }
        boolean few = facts.isWhole() && facts.distinct() <= FEW && facts.repeats() >= FEW;
        if (few && !isMeasure(name)) {
            return new Finding(ColumnType.CATEGORICAL, facts.distinct() + " different whole numbers");
        }
        return new Finding(ColumnType.NUMERIC, "numbers");
    }

    private static boolean isMeasure(String name) {
        for (String word : name.toLowerCase(Locale.ROOT).split("[^a-z]+", -1)) {
            if (MEASURES.contains(word)) {
                return true;
            }
        }
        return false;
    }

    private Finding words(String name, ColumnFacts facts) {
        boolean text = facts.meanWords() >= TEXT_WORDS;
        boolean few = facts.distinct() <= FEW && facts.repeats() >= 2;
        if (few || (!text && facts.distinct() <= MOST_CATEGORIES && facts.repeats() >= FEW)) {
            return new Finding(ColumnType.CATEGORICAL, facts.distinct() + " different values");
        }
        if (text) {
            return new Finding(ColumnType.TEXT, String.format(Locale.ROOT, "%.1f words a cell", facts.meanWords()));
        }
        if (facts.isUnique()) {
            return only(ColumnType.ID, name, "different in every row");
        }
        if (facts.repeats() >= 2) {
            return new Finding(ColumnType.CATEGORICAL, facts.distinct() + " different values");
        }
        return new Finding(
                ColumnType.IGNORE,
                facts.distinct() + " different words in " + facts.rows() + " rows, neither text nor categories");
    }
}
