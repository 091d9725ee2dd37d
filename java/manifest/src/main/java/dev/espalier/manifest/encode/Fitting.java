package dev.espalier.manifest.encode;

import dev.espalier.data.CachedText;
import dev.espalier.data.DataException;
import dev.espalier.data.Fingerprint;
import dev.espalier.data.Picture;
import dev.espalier.manifest.CellText;
import dev.espalier.manifest.Column;
import dev.espalier.manifest.ColumnType;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.audio.Waveform;
import dev.espalier.manifest.table.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Learns an encoding from the training rows of a manifest, and from no others. */
final class Fitting {
    /** Files that are looked at to learn what most are like. */
    private static final int SURVEYED = 1_000;

    /** Raised whenever something else is learnt from the same files. */
    private static final int VERSION = 1;

    private final Manifest manifest;
    private final List<Table.Row> rows;
    private final MixedData.Options options;

    private Fitting(Manifest manifest, List<Table.Row> rows, MixedData.Options options) {
        this.manifest = manifest;
        this.rows = rows;
        this.options = options;
    }

    /** What was learnt from files comes from the cache if it is there. */
    static Encoding of(Manifest manifest, List<Table.Row> training, MixedData.Options options) {
        Fitting fitting = new Fitting(manifest, training, options);
        List<Encoder> encoders = new ArrayList<>();
        try (CellReader reader = new CellReader(manifest.root())) {
            for (Column column : manifest.columns().of(ColumnType.IMAGE)) {
                encoders.add(fitting.cached(
                        column,
                        () -> PictureEncoder.fit(column, fitting.survey(column, cell -> picture(reader, cell)))));
            }
            for (Column column : manifest.columns().of(ColumnType.AUDIO)) {
                encoders.add(fitting.cached(
                        column, () -> SoundEncoder.fit(column, fitting.survey(column, cell -> sound(reader, cell)))));
            }
        }
        Map<String, List<Column>> texts = manifest.columns().of(ColumnType.TEXT).stream()
                .collect(Collectors.groupingBy(
                        column -> String.valueOf(column.settings().getOrDefault("input", column.name())),
                        LinkedHashMap::new,
                        Collectors.toList()));
        texts.values().forEach(columns -> encoders.add(TextEncoder.fit(columns, fitting.texts(columns))));
        List<NumberColumn> numbers = manifest.columns().of(ColumnType.NUMERIC).stream()
                .map(fitting::number)
                .toList();
        List<CategoryColumn> categories = manifest.columns().of(ColumnType.CATEGORICAL).stream()
                .map(fitting::category)
                .toList();
        if (!numbers.isEmpty() || !categories.isEmpty()) {
            encoders.add(new TableEncoder(numbers, categories));
        }
        LabelReader labels = new LabelReader(manifest, manifest.label());
        return new Encoding(encoders, manifest.label(), labels.scale(training));
    }

    /** The encoder of a column of files. */
    private Encoder cached(Column column, Supplier<Encoder> fit) {
        Fingerprint key = new Fingerprint()
                .line("fitting version " + VERSION)
                .line(column.type() + " " + column.name())
                .line(new TreeMap<>(column.settings()).toString());
        try {
            new CellFacts(manifest.root(), true, key::line).tell(cells(column));
        } catch (IOException e) {
            throw new DataException(
                    "column '" + column.name() + "': its files cannot be looked up (" + e
                            + "); check permissions and the disk",
                    e);
        }
        return EncodingJson.encoder(CachedText.open(
                options.cache(), "encoder", key, () -> EncodingJson.write(fit.get()), options.listener()));
    }

    private List<@Nullable String> cells(Column column) {
        int index = manifest.table().indexOf(column.name());
        List<@Nullable String> cells = new ArrayList<>(rows.size());
        rows.forEach(row -> cells.add(row.cell(index)));
        return cells;
    }

    /** Some of the files that decode, from all over the rows. */
    private <T> List<T> survey(Column column, Function<String, @Nullable T> decode) {
        List<String> files =
                cells(column).stream().filter(Objects::nonNull).distinct().toList();
        int count = Math.min(SURVEYED, files.size());
        List<T> seen = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            T decoded = decode.apply(files.get((int) ((long) i * files.size() / count)));
            if (decoded != null) {
                seen.add(decoded);
            }
        }
        return seen;
    }

    /** What does not decode is named when its row is encoded. */
    private static @Nullable Picture picture(CellReader reader, String cell) {
        try {
            return reader.picture(cell);
        } catch (IOException e) {
            return null;
        }
    }

    private static @Nullable Waveform sound(CellReader reader, String cell) {
        try {
            return reader.sound(cell);
        } catch (IOException e) {
            return null;
        }
    }

    private List<String> texts(List<Column> columns) {
        List<String> texts = new ArrayList<>();
        int[] places = columns.stream()
                .mapToInt(column -> manifest.table().indexOf(column.name()))
                .toArray();
        for (Table.Row row : rows) {
            List<@Nullable String> cells = new ArrayList<>();
            for (int place : places) {
                cells.add(row.cell(place));
            }
            String text = TextEncoder.joined(cells);
            if (text != null) {
                texts.add(text);
            }
        }
        return texts;
    }

    private NumberColumn number(Column column) {
        Settings settings = new Settings(column, List.of("scale"));
        double[] values = cells(column).stream()
                .filter(cell -> !CellText.isMissing(cell))
                .map(cell -> CellText.number(Objects.requireNonNull(cell)))
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .toArray();
        boolean quantiles =
                settings.choice("scale", List.of("quantile", "minmax")).equals("quantile");
        return NumberColumn.fit(column.name(), values, quantiles);
    }

    private CategoryColumn category(Column column) {
        Settings settings = new Settings(column, List.of("least-count"));
        int least = settings.integer("least-count", 1, 1, 1 << 20);
        Map<String, Long> counts = cells(column).stream()
                .filter(cell -> !CellText.isMissing(cell))
                .map(cell -> Objects.requireNonNull(cell).strip())
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        return new CategoryColumn(
                column.name(),
                counts.entrySet().stream()
                        .filter(entry -> entry.getValue() >= least)
                        .map(Map.Entry::getKey)
                        .sorted()
                        .toList());
    }
}
