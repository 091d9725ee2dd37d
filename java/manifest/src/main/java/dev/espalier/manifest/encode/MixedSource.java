package dev.espalier.manifest.encode;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.BatchSupply;
import dev.espalier.data.DataException;
import dev.espalier.data.Exhibit;
import dev.espalier.data.Slice;
import dev.espalier.data.Source;
import dev.espalier.manifest.table.Table;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Samples of one split whose modalities are encoded. */
final class MixedSource implements Source {
    private final Encoding encoding;
    private final List<Modality> modalities;
    private final List<Sample> samples;
    private final String fingerprint;

    /**
     * One modality of the samples.
     *
     * @param columns places of its cells in a row
     * @param slots for each sample where its numbers are, or {@link EncodedRows#MISSING}
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Modality(Encoder encoder, List<Integer> columns, StoredRows stored, int[] slots) {
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
    record Sample(String name, int label, @Nullable String group, Table.Row row) {}

    MixedSource(Encoding encoding, List<Modality> modalities, List<Sample> samples) {
        this(encoding, modalities, samples, digest(encoding, modalities, samples));
    }

    private MixedSource(Encoding encoding, List<Modality> modalities, List<Sample> samples, String fingerprint) {
        this.encoding = encoding;
        this.modalities = List.copyOf(modalities);
        this.samples = List.copyOf(samples);
        this.fingerprint = fingerprint;
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
    public int[] labels() {
        return samples.stream().mapToInt(Sample::label).toArray();
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
                ByteBuffer row = part.stored().row(part.slots()[index]).order(ByteOrder.nativeOrder());
                exhibits.add(part.encoder().exhibit(row, cells));
            }
        }
        return exhibits;
    }

    @Override
    public Map<String, String> facts() {
        return Map.of(Encoding.FACT, encoding.toJson());
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
        List<Modality> parts = modalities.stream()
                .map(part -> new Modality(
                        part.encoder(),
                        part.columns(),
                        part.stored(),
                        Arrays.stream(chosen).map(i -> part.slots()[i]).toArray()))
                .toList();
        MessageDigest digest = sha256();
        digest.update(fingerprint.getBytes(StandardCharsets.UTF_8));
        Arrays.stream(chosen)
                .forEach(row -> digest.update(ByteBuffer.allocate(4).putInt(row).flip()));
        return new MixedSource(
                encoding,
                parts,
                Arrays.stream(chosen).mapToObj(samples::get).toList(),
                HexFormat.of().formatHex(digest.digest()));
    }

    @Override
    public void close() {}

    private static String digest(Encoding encoding, List<Modality> modalities, List<Sample> samples) {
        MessageDigest digest = sha256();
        digest.update(encoding.toJson().getBytes(StandardCharsets.UTF_8));
        for (Sample sample : samples) {
            digest.update((sample.name() + "\n" + sample.label() + "\n" + sample.group() + "\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        for (Modality part : modalities) {
            for (int slot : part.slots()) {
                digest.update(ByteBuffer.allocate(4).putInt(slot).flip());
                if (slot != EncodedRows.MISSING) {
                    digest.update(part.stored().row(slot));
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
