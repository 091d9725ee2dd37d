package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.HoldOut;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Scale;
import dev.espalier.data.Skipped;
import dev.espalier.data.Source;
import dev.espalier.data.Statistics;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.Split;
import dev.espalier.manifest.table.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/** Opens the rows of a manifest as splits of encoded samples. */
public final class MixedData {
    private final Manifest manifest;
    private final Options options;
    private final List<Skipped> skipped = new ArrayList<>();

    /**
     * How rows become samples.
     *
     * @param encoding that of a model; empty: it is learnt from the training rows
     * @param validationFraction share of the training rows, of each class where rows have one, held out where there is no validation split
     * @param seed chooses the rows held out
     * @param onCorrupt what happens to a row with a file or a number that cannot be used
     * @param cache folder of the encoded rows
     * @param listener is told of progress, notes and skipped rows
     */
    public record Options(
            Optional<Encoding> encoding,
            double validationFraction,
            long seed,
            OnCorrupt onCorrupt,
            Path cache,
            DataListener listener) {}

    /**
     * The rows of one split, encoded.
     *
     * @param parts one for each encoder
     */
    private record Encoded(List<Table.Row> rows, List<EncodedRows> parts) {}

    private MixedData(Manifest manifest, Options options) {
        this.manifest = manifest;
        this.options = options;
    }

    /**
     * Encodes what the cache does not hold yet and opens all splits.
     *
     * @throws DataException if there is nothing to train on, or a row is refused
     */
    public static DataSets open(Manifest manifest, Options options) {
        return new MixedData(manifest, options).open();
    }

    private DataSets open() {
        List<Table.Row> training = manifest.rows(Split.TRAIN);
        if (training.isEmpty()) {
            throw new DataException("manifest: expected rows of split " + Split.TRAIN.label() + ", got none");
        }
        List<Table.Row> validating = manifest.rows(Split.VALIDATION);
        HoldOut split = validating.isEmpty() ? holdOut(training) : new HoldOut(all(training), new int[0]);
        Encoding encoding = options.encoding()
                .orElseGet(() -> Fitting.of(
                        manifest,
                        Arrays.stream(split.kept()).mapToObj(training::get).toList(),
                        options));
        // Rows held out are encoded with the others, so that another choice of them finds all in the cache.
        Encoded encoded = encode(encoding, training, "train");
        MixedSource train = source(encoding, encoded, split.kept(), "train", true);
        Optional<Source> validation = split.held().length == 0
                ? some(encoding, validating, "validation")
                : Optional.of(source(encoding, encoded, split.held(), "validation", false));
        Optional<Source> test = some(encoding, manifest.rows(Split.TEST), "test");
        if (train.size() == 0) {
            throw new DataException(
                    "manifest: expected training rows that can be used, got none of " + split.kept().length);
        }
        return new DataSets(train, validation, test, Statistics.none(), skipped);
    }

    private HoldOut holdOut(List<Table.Row> training) {
        if (options.validationFraction() == 0) {
            return new HoldOut(all(training), new int[0]);
        }
        HoldOut split = HoldOut.of(
                new LabelReader(manifest, manifest.label()).of(training, Scale.UNIT),
                options.validationFraction(),
                options.seed());
        options.listener()
                .note("no validation split: " + split.held().length + " of " + training.size()
                        + " training rows held out for it");
        return split;
    }

    private static int[] all(List<Table.Row> rows) {
        return IntStream.range(0, rows.size()).toArray();
    }

    private Optional<Source> some(Encoding encoding, List<Table.Row> rows, String split) {
        return rows.isEmpty()
                ? Optional.empty()
                : Optional.of(source(encoding, encode(encoding, rows, split), all(rows), split, true));
    }

    private Encoded encode(Encoding encoding, List<Table.Row> rows, String split) {
        return new Encoded(
                rows,
                encoding.encoders().stream()
                        .map(encoder -> EncodedRows.of(encoder, manifest, rows, split, options))
                        .toList());
    }

    /** The usable ones of some rows; {@code owner} if they are its own to close. */
    private MixedSource source(Encoding encoding, Encoded encoded, int[] chosen, String split, boolean owner) {
        List<Integer> usable = usable(encoded, chosen, split);
        List<MixedSource.Modality> parts = encoded.parts().stream()
                .map(part -> new MixedSource.Modality(
                        part.encoder(),
                        part.encoder().columns().stream()
                                .map(manifest.table()::indexOf)
                                .toList(),
                        part.cached(),
                        usable.stream().mapToInt(part::slot).toArray()))
                .toList();
        List<Table.Row> used = usable.stream().map(encoded.rows()::get).toList();
        return new MixedSource(
                encoding,
                parts,
                new LabelReader(manifest, encoding.label()).of(used, encoding.scale()),
                used.stream().map(this::sample).toList(),
                owner);
    }

    /** The rows without a fault that have a value in some column. */
    private List<Integer> usable(Encoded encoded, int[] chosen, String split) {
        List<Integer> usable = new ArrayList<>();
        int empty = 0;
        for (int row : chosen) {
            Optional<String> fault = encoded.parts().stream()
                    .map(part -> part.fault(row))
                    .filter(Objects::nonNull)
                    .findFirst();
            if (fault.isPresent()) {
                reject(encoded.rows().get(row).place(), fault.get());
            } else if (encoded.parts().stream().allMatch(part -> part.slot(row) == EncodedRows.MISSING)) {
                empty++;
            } else {
                usable.add(row);
            }
        }
        if (empty > 0) {
            options.listener()
                    .note(empty + " of " + chosen.length + " " + split
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
        return new MixedSource.Sample(id == null ? row.place() : id, group, row);
    }
}
