package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.HoldOut;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.data.Source;
import dev.espalier.data.Statistics;
import dev.espalier.manifest.Label;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.Split;
import dev.espalier.manifest.table.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Opens the rows of a manifest as splits of encoded samples. */
public final class MixedData {
    private final Manifest manifest;
    private final Options options;
    private final List<Skipped> skipped = new ArrayList<>();

    /**
     * How rows become samples.
     *
     * @param encoding that of a model; empty: it is learnt from the training rows
     * @param validationFraction share of each class of the training rows held out where there is no validation split
     * @param seed chooses the rows held out
     * @param onCorrupt what happens to a row with a file or a number that cannot be used
     * @param listener is told of progress, notes and skipped rows
     */
    public record Options(
            Optional<Encoding> encoding,
            double validationFraction,
            long seed,
            OnCorrupt onCorrupt,
            DataListener listener) {}

    private MixedData(Manifest manifest, Options options) {
        this.manifest = manifest;
        this.options = options;
    }

    /**
     * Encodes all rows.
     *
     * @throws DataException if there is nothing to train on, or a row is refused
     */
    public static DataSets open(Manifest manifest, Options options) {
        return new MixedData(manifest, options).open();
    }

    private DataSets open() {
        if (manifest.label().kind() != Label.Kind.CLASS) {
            throw new DataException("label: only kind class can be trained so far, got "
                    + manifest.label().kind());
        }
        List<Table.Row> training = manifest.rows(Split.TRAIN);
        if (training.isEmpty()) {
            throw new DataException("manifest: expected rows of split " + Split.TRAIN.label() + ", got none");
        }
        List<Table.Row> validating = manifest.rows(Split.VALIDATION);
        List<Table.Row> held = new ArrayList<>();
        if (validating.isEmpty() && options.validationFraction() > 0) {
            List<Table.Row> all = training;
            HoldOut split = HoldOut.of(
                    all.stream().mapToInt(this::label).toArray(),
                    manifest.label().classes().size(),
                    options.validationFraction(),
                    options.seed());
            training = new ArrayList<>();
            for (int row : split.kept()) {
                training.add(all.get(row));
            }
            for (int row : split.held()) {
                held.add(all.get(row));
            }
            options.listener()
                    .note("no validation split: " + held.size() + " of " + all.size()
                            + " training rows held out for it");
            validating = held;
        }
        List<Table.Row> kept = training;
        Encoding encoding = options.encoding().orElseGet(() -> Fitting.of(manifest, kept));
        MixedSource train = source(encoding, training, "train");
        Optional<Source> validation = some(encoding, validating, "validation");
        Optional<Source> test = some(encoding, manifest.rows(Split.TEST), "test");
        if (train.size() == 0) {
            throw new DataException(
                    "manifest: expected training rows that can be used, got none of " + training.size());
        }
        return new DataSets(train, validation, test, Statistics.none(), skipped);
    }

    private Optional<Source> some(Encoding encoding, List<Table.Row> rows, String split) {
        return rows.isEmpty() ? Optional.empty() : Optional.of(source(encoding, rows, split));
    }

    private int label(Table.Row row) {
        String cell = row.cell(labelColumn());
        return manifest.label().index(Objects.requireNonNull(cell, "rows without a label were left out"));
    }

    private int labelColumn() {
        return manifest.table().indexOf(manifest.columns().label().orElseThrow().name());
    }

    private MixedSource source(Encoding encoding, List<Table.Row> rows, String split) {
        List<EncodedRows> encoded = encoding.encoders().stream()
                .map(encoder -> EncodedRows.of(encoder, manifest, rows, split, options.listener()))
                .toList();
        List<Integer> usable = usable(encoded, rows, split);
        List<MixedSource.Modality> parts = encoded.stream()
                .map(part -> new MixedSource.Modality(
                        part.encoder(),
                        part.encoder().columns().stream()
                                .map(manifest.table()::indexOf)
                                .toList(),
                        part.stored(),
                        usable.stream().mapToInt(part::slot).toArray()))
                .toList();
        return new MixedSource(
                encoding,
                parts,
                usable.stream().map(rows::get).map(this::sample).toList());
    }

    /** The rows without a fault that have a value in some column. */
    private List<Integer> usable(List<EncodedRows> encoded, List<Table.Row> rows, String split) {
        List<Integer> usable = new ArrayList<>();
        int empty = 0;
        for (int row = 0; row < rows.size(); row++) {
            int at = row;
            Optional<String> fault = encoded.stream()
                    .map(part -> part.fault(at))
                    .filter(Objects::nonNull)
                    .findFirst();
            if (fault.isPresent()) {
                reject(rows.get(row).place(), fault.get());
            } else if (encoded.stream().allMatch(part -> part.slot(at) == EncodedRows.MISSING)) {
                empty++;
            } else {
                usable.add(row);
            }
        }
        if (empty > 0) {
            options.listener()
                    .note(empty + " of " + rows.size() + " " + split
                            + " rows have no value in any column that is an input: left out");
        }
        return usable;
    }

    private void reject(String place, String reason) {
        if (options.onCorrupt() == OnCorrupt.FAIL) {
            throw new DataException(
                    place + ": " + reason + "; mend the row, or leave such rows out with on-corrupt: skip");
        }
        Skipped row = new Skipped(place, reason);
        skipped.add(row);
        options.listener().skipped(row);
    }

    private MixedSource.Sample sample(Table.Row row) {
        String group = manifest.columns()
                .group()
                .map(column -> {
                    String value = row.cell(manifest.table().indexOf(column.name()));
                    return value == null ? null : column.name() + " " + value.strip();
                })
                .orElse(null);
        String id = manifest.columns()
                .id()
                .map(column -> row.cell(manifest.table().indexOf(column.name())))
                .orElse(null);
        return new MixedSource.Sample(id == null ? row.place() : id, label(row), group, row);
    }
}
