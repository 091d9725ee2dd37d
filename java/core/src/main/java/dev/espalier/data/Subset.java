package dev.espalier.data;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Some images of another source. */
final class Subset implements ImageSource {
    private final ImageSource source;
    private final int[] rows;
    private final int[] labels;
    private final boolean owner;

    /** @param owner whether closing this closes the other source */
    Subset(ImageSource source, int[] rows, boolean owner) {
        this.source = source;
        this.owner = owner;
        this.rows = rows.clone();
        int[] all = source.labels();
        this.labels = new int[rows.length];
        for (int i = 0; i < rows.length; i++) {
            labels[i] = all[rows[i]];
        }
    }

    /** The one that the images are of. */
    ImageSource source() {
        return source;
    }

    @Override
    public int size() {
        return rows.length;
    }

    @Override
    public List<String> classes() {
        return source.classes();
    }

    @Override
    public int[] labels() {
        return labels.clone();
    }

    @Override
    public Shape imageShape() {
        return source.imageShape();
    }

    @Override
    public void read(int index, ByteBuffer to) {
        source.read(rows[index], to);
    }

    @Override
    public RowGather gather(Device device) {
        RowGather all = source.gather(device);
        return chosen -> all.take(Arrays.stream(chosen).map(i -> rows[i]).toArray());
    }

    @Override
    public String name(int index) {
        return source.name(rows[index]);
    }

    /** Over the whole source's fingerprint and the rows chosen. */
    @Override
    public String fingerprint() {
        return new Fingerprint().text(source.fingerprint()).numbers(rows).hex();
    }

    @Override
    public void close() {
        if (owner) {
            source.close();
        }
    }
}
