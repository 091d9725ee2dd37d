package dev.espalier.manifest.encode;

import dev.espalier.data.Answers;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.BatchSupply;
import dev.espalier.data.CachedRows;
import dev.espalier.data.DataException;
import dev.espalier.data.Exhibit;
import dev.espalier.data.Fingerprint;
import dev.espalier.data.Slice;
import dev.espalier.data.Source;
import dev.espalier.data.StoredRows;
import dev.espalier.manifest.table.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Samples of one split whose modalities are encoded. */
final class MixedSource implements Source {
    private final Encoding encoding;
    private final List<Modality> modalities;
    private final Answers answers;
    private final List<Sample> samples;
    private final String fingerprint;
    private final Map<String, String> facts;
    /** Whether closing this closes the rows. */
    private final boolean owner;

    /**
     * One modality of the samples.
     *
     * @param columns places of its cells in a row
     * @param rows the numbers, by slot
     * @param slots for each sample where its numbers are, or {@link EncodedRows#MISSING}
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Modality(Encoder encoder, List<Integer> columns, CachedRows rows, int[] slots) {
        StoredRows stored() {
            return rows.stored();
        }

        boolean has(int sample) {
            return slots[sample] != EncodedRows.MISSING;
        }
    }

    /**
     * What a sample is beside its modalities.
     *
     * @param group the value that it shares with others; null if it has none
     * @param row where its cells are
     */
    record Sample(String name, @Nullable String group, Table.Row row) {}

    /**
     * @param answers right for the samples
     * @param owner whether the rows are this one's to close
     */
    MixedSource(Encoding encoding, List<Modality> modalities, Answers answers, List<Sample> samples, boolean owner) {
        this.encoding = encoding;
        this.modalities = List.copyOf(modalities);
        this.answers = answers;
        this.samples = List.copyOf(samples);
        this.owner = owner;
        String json = encoding.toJson();
        this.facts = Map.of(Encoding.FACT, json);
        this.fingerprint = fingerprint(json);
    }

    /** Some samples of another one. */
    private MixedSource(MixedSource whole, int[] chosen) {
        this.encoding = whole.encoding;
        this.modalities = whole.modalities.stream()
                .map(part -> new Modality(
                        part.encoder(),
                        part.columns(),
                        part.rows(),
                        Arrays.stream(chosen).map(i -> part.slots()[i]).toArray()))
                .toList();
        this.answers = whole.answers.rows(chosen);
        this.samples = Arrays.stream(chosen).mapToObj(whole.samples::get).toList();
        this.owner = false;
        this.facts = whole.facts;
        this.fingerprint =
                new Fingerprint().text(whole.fingerprint).numbers(chosen).hex();
    }

    List<Modality> parts() {
        return modalities;
    }

    @Override
    public int size() {
        return samples.size();
    }

    @Override
    public List<String> classes() {
        return encoding.classes();
    }

    @Override
    public Answers answers() {
        return answers;
    }

    @Override
    public String name(int index) {
        return samples.get(index).name();
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public List<String> modalities() {
        return modalities.stream().map(part -> part.encoder().modality()).toList();
    }

    @Override
    public int[] having(String modality) {
        Modality part = modalities.stream()
                .filter(one -> one.encoder().modality().equals(modality))
                .findFirst()
                .orElseThrow(() -> new DataException(
                        "no sample has a modality '" + modality + "', expected one of " + modalities()));
        return IntStream.range(0, size()).filter(part::has).toArray();
    }

    @Override
    public List<Slice> slices() {
        List<Slice> slices = new ArrayList<>();
        Map<String, List<Integer>> groups = new TreeMap<>();
        for (int i = 0; i < samples.size(); i++) {
            String group = samples.get(i).group();
            if (group != null) {
                groups.computeIfAbsent(group, name -> new ArrayList<>()).add(i);
            }
        }
        groups.forEach((name, rows) -> slices.add(
                new Slice(name, rows.stream().mapToInt(Integer::intValue).toArray())));
        for (Modality part : modalities) {
            int[] without = IntStream.range(0, size()).filter(i -> !part.has(i)).toArray();
            if (without.length > 0) {
                slices.add(new Slice("missing " + part.encoder().modality(), without));
            }
        }
        return slices;
    }

    @Override
    public List<Exhibit> exhibits(int index) {
        List<Exhibit> exhibits = new ArrayList<>();
        for (Modality part : modalities) {
            if (part.has(index)) {
                List<@Nullable String> cells = new ArrayList<>();
                part.columns()
                        .forEach(column -> cells.add(samples.get(index).row().cell(column)));
                exhibits.add(part.encoder().exhibit(part.stored().row(part.slots()[index]), cells));
            }
        }
        return exhibits;
    }

    @Override
    public Map<String, String> facts() {
        return facts;
    }

    @Override
    public void check(BatchOptions options) {
        if (!modalities().containsAll(options.hidden())) {
            throw new DataException(
                    "hidden modalities: expected some of " + modalities() + ", got " + options.hidden());
        }
    }

    @Override
    public BatchSupply supply(BatchOptions options, int epoch) {
        return new MixedBatches(this, options, epoch);
    }

    @Override
    public MixedSource rows(int[] chosen) {
        return new MixedSource(this, chosen);
    }

    @Override
    public void close() {
        if (owner) {
            modalities.forEach(part -> part.stored().close());
        }
    }

    private String fingerprint(String json) {
        Fingerprint content = new Fingerprint().text(json);
        for (Sample sample : samples) {
            content.line(sample.name()).line(String.valueOf(sample.group()));
        }
        for (float value : answers.values()) {
            content.numbers(Float.floatToIntBits(value));
        }
        for (Modality part : modalities) {
            content.line(part.rows().fingerprint()).numbers(part.slots());
        }
        return content.hex();
    }
}
