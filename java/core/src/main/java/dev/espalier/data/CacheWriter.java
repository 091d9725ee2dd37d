package dev.espalier.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the files of a cache folder row by row.
 *
 * <ul>
 *   <li>{@code images.npy}: bytes [n, channels, height, width]
 *   <li>{@code labels.npy}: 32-bit integers [n]
 *   <li>{@code moments.npy}: 64-bit integers [n, 2, channels]: the sum of each image's bytes and of their squares
 *   <li>{@code names.txt}: one image name per line, UTF-8
 *   <li>{@code about.properties}: shape, classes, skipped images, checksums; written last
 * </ul>
 */
final class CacheWriter implements AutoCloseable {
    static final String IMAGES = "images.npy";
    static final String LABELS = "labels.npy";
    static final String MOMENTS = "moments.npy";
    static final String NAMES = "names.txt";
    /** Raised whenever the layout of the folder or the decoding changes. */
    static final int VERSION = 1;

    private final EntryWriter entry;
    private final PictureFormat format;
    private final List<String> classes;
    private final Fingerprint content;
    private final CheckedFile images;
    private final CheckedFile labels;
    private final CheckedFile moments;
    private final CheckedFile names;
    private int count;

    CacheWriter(Path folder, PictureFormat format, List<String> classes) throws IOException {
        this.entry = new EntryWriter(folder);
        this.format = format;
        this.classes = classes;
        images = entry.create(IMAGES, Npy.DATA);
        labels = entry.create(LABELS, Npy.DATA);
        moments = entry.create(MOMENTS, Npy.DATA);
        names = entry.create(NAMES, 0);
        content = new Fingerprint().line(format.shape().toString()).text(String.join("\n", classes));
    }

    void add(String name, int label, Row row) throws IOException {
        ByteBuffer number = ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(label)
                .flip();
        ByteBuffer bytes = ByteBuffer.wrap(row.bytes());
        content.line(name).bytes(number).bytes(bytes);
        images.write(bytes);
        labels.write(number);
        moments.write(row.moments());
        names.write(ByteBuffer.wrap((name + "\n").getBytes(StandardCharsets.UTF_8)));
        count++;
    }

    int count() {
        return count;
    }

    /** Completes the folder; everything is on the disk when it returns. */
    void finish(List<Skipped> skipped) throws IOException {
        int channels = format.channels();
        int height = format.size().height();
        int width = format.size().width();
        images.finish(Npy.of("|u1", count, channels, height, width).encode());
        labels.finish(Npy.of("<i4", count).encode());
        moments.finish(Npy.of("<i8", count, 2, channels).encode());
        names.finish(ByteBuffer.allocate(0));
        entry.finish(CacheFacts.create()
                .put("version", VERSION)
                .put("count", count)
                .put("channels", channels)
                .put("height", height)
                .put("width", width)
                .put("witness", format.witness())
                .put("fingerprint", content.hex())
                .putList("class", classes)
                .putList("skipped.name", skipped.stream().map(Skipped::name).toList())
                .putList("skipped.reason", skipped.stream().map(Skipped::reason).toList()));
    }

    @Override
    public void close() throws IOException {
        entry.close();
    }
}
