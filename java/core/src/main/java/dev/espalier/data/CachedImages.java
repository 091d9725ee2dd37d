package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The decoded images of a split, mapped into memory from a cache folder. */
final class CachedImages implements ImageSource {
    private final PictureFormat format;
    private final List<String> classes;
    private final List<Skipped> skipped;
    private final String fingerprint;
    private final int[] labels;
    private final String[] names;
    private final ByteBuffer moments;
    private final StoredRows rows;

    /**
     * Opens and verifies a cache folder.
     *
     * @throws IOException if a file is missing, is not as long as it should be or has another checksum
     */
    CachedImages(Path folder) throws IOException {
        EntryReader entry = new EntryReader(folder, CacheWriter.VERSION);
        CacheFacts facts = entry.facts();
        int count = Math.toIntExact(facts.number("count"));
        int channels = (int) facts.number("channels");
        ImageSize size = new ImageSize((int) facts.number("height"), (int) facts.number("width"));
        format = new PictureFormat(channels, size, facts.text("witness"));
        classes = facts.list("class");
        fingerprint = facts.text("fingerprint");
        List<String> reasons = facts.list("skipped.reason");
        List<String> left = facts.list("skipped.name");
        skipped = IntStream.range(0, left.size())
                .mapToObj(i -> new Skipped(left.get(i), reasons.get(i)))
                .toList();
        rows = StoredRows.open(entry, CacheWriter.IMAGES, DType.U8, format.shape(), count);
        labels = new int[count];
        entry.map(CacheWriter.LABELS, Npy.of("<i4", count)).asIntBuffer().get(labels);
        moments = entry.map(CacheWriter.MOMENTS, Npy.of("<i8", count, 2, channels));
        names = names(entry, count);
    }

    private static String[] names(EntryReader entry, int count) throws IOException {
        byte[] bytes = entry.bytes(CacheWriter.NAMES);
        String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n", -1);
        if (lines.length != count + 1) {
            throw new IOException(CacheWriter.NAMES + ": expected " + count + " lines, got " + (lines.length - 1));
        }
        return Arrays.copyOf(lines, count);
    }

    PictureFormat format() {
        return format;
    }

    /** The images that did not decode when the cache was made. */
    List<Skipped> skipped() {
        return skipped;
    }

    /** Channel mean and deviation over the given rows. */
    Statistics statistics(int[] rows) {
        int channels = format.channels();
        long[] sums = new long[channels];
        long[] squares = new long[channels];
        for (int row : rows) {
            int at = row * 16 * channels;
            for (int c = 0; c < channels; c++) {
                sums[c] += moments.getLong(at + 8 * c);
                squares[c] += moments.getLong(at + 8 * (channels + c));
            }
        }
        long plane = (long) format.size().height() * format.size().width();
        return Statistics.ofTotals(rows.length * plane, sums, squares);
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int[] labels() {
        return labels.clone();
    }

    @Override
    public Shape imageShape() {
        return format.shape();
    }

    @Override
    public void read(int index, ByteBuffer to) {
        to.put(rows.row(index));
    }

    @Override
    public RowGather gather(Device device) {
        return rows.gather(device);
    }

    /** As {@link StoredRows#reside}. */
    void reside(Device device) {
        rows.reside(device);
    }

    @Override
    public String name(int index) {
        return names[index];
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public void close() {
        rows.close();
    }
}
