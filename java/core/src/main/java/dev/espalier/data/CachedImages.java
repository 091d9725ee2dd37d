package dev.espalier.data;

import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The decoded images of a split, mapped into memory from a cache folder. */
final class CachedImages implements ImageSource {
    /** A Java buffer maps 2^31 - 1 bytes at most. */
    private static final long PIECE = 1L << 30;

    private final PictureFormat format;
    private final List<String> classes;
    private final List<Skipped> skipped;
    private final String fingerprint;
    private final int[] labels;
    private final String[] names;
    private final int rowsPerPiece;
    private final ByteBuffer moments;
    private volatile ByteBuffer @Nullable [] pieces;

    /**
     * Opens and verifies a cache folder.
     *
     * @throws IOException if a file is missing, is not as long as it should be or has another checksum
     */
    CachedImages(Path folder) throws IOException {
        CacheFacts facts = CacheFacts.read(folder);
        if (facts.number("version") != CacheWriter.VERSION) {
            throw new IOException("it is of version " + facts.number("version"));
        }
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
        rowsPerPiece = (int) Math.max(1, PIECE / format.bytes());
        Npy images = Npy.of("|u1", count, channels, size.height(), size.width());
        pieces = map(folder, CacheWriter.IMAGES, images, facts, (long) rowsPerPiece * format.bytes());
        labels = new int[count];
        single(folder, CacheWriter.LABELS, Npy.of("<i4", count), facts)
                .asIntBuffer()
                .get(labels);
        moments = single(folder, CacheWriter.MOMENTS, Npy.of("<i8", count, 2, channels), facts);
        names = names(folder, facts, count);
    }

    private static ByteBuffer single(Path folder, String name, Npy npy, CacheFacts facts) throws IOException {
        return map(folder, name, npy, facts, Integer.MAX_VALUE)[0];
    }

    private static ByteBuffer[] map(Path folder, String name, Npy npy, CacheFacts facts, long piece)
            throws IOException {
        try (FileChannel file = FileChannel.open(folder.resolve(name), StandardOpenOption.READ)) {
            npy.require(file);
            long bytes = npy.bytes();
            ByteBuffer[] mapped = new ByteBuffer[(int) Math.max(1, (bytes + piece - 1) / piece)];
            CRC32C crc = new CRC32C();
            for (int i = 0; i < mapped.length; i++) {
                long start = i * piece;
                MappedByteBuffer buffer =
                        file.map(FileChannel.MapMode.READ_ONLY, Npy.DATA + start, Math.min(piece, bytes - start));
                crc.update(buffer.duplicate());
                mapped[i] = buffer.order(ByteOrder.LITTLE_ENDIAN);
            }
            requireChecksum(name, crc, facts);
            return mapped;
        } catch (IOException e) {
            throw new IOException(name + ": " + e.getMessage(), e);
        }
    }

    private static void requireChecksum(String name, CRC32C crc, CacheFacts facts) throws IOException {
        if (crc.getValue() != facts.number(name)) {
            throw new IOException("its checksum is wrong");
        }
    }

    private static String[] names(Path folder, CacheFacts facts, int count) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(CacheWriter.NAMES));
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        requireChecksum(CacheWriter.NAMES, crc, facts);
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
        Objects.checkIndex(index, labels.length);
        ByteBuffer[] mapped = pieces;
        if (mapped == null) {
            throw new IllegalStateException("the data set is closed");
        }
        int bytes = format.bytes();
        to.put(mapped[index / rowsPerPiece].slice(index % rowsPerPiece * bytes, bytes));
    }

    @Override
    public String name(int index) {
        return names[index];
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    /** The mapping itself goes when the last reader has let go of it. */
    @Override
    public void close() {
        pieces = null;
    }
}
