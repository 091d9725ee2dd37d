package dev.espalier.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A pair of idx files as MNIST has them: images with magic 2051 (count, rows, columns, one byte a pixel), labels with magic
 * 2049 (count, one byte each); numbers big-endian.
 */
final class IdxOriginals implements Originals {
    private static final int IMAGES = 2051;
    private static final int LABELS = 2049;

    private final String split;
    private final Path images;
    private final Path labelFile;
    private final byte[] labels;
    private final ImageSize imageSize;
    private final List<String> classes;

    private IdxOriginals(String split, Path images, Path labelFile, @Nullable List<String> known) throws IOException {
        this.split = split;
        this.images = images;
        this.labelFile = labelFile;
        int count;
        try (InputStream in = FlatFiles.open(images)) {
            ByteBuffer header = header(in, images, IMAGES, 16);
            count = header.getInt();
            this.imageSize = new ImageSize(header.getInt(), header.getInt());
        }
        try (InputStream in = FlatFiles.open(labelFile)) {
            int labelCount = header(in, labelFile, LABELS, 8).getInt();
            if (labelCount != count || count < 1) {
                throw new DataException("idx file " + labelFile + ": expected a label for each of the " + count
                        + " images of " + images + ", got " + labelCount + "; fetch both files again");
            }
            this.labels = FlatFiles.take(in, count, labelFile);
        }
        int most = 0;
        for (byte label : labels) {
            most = Math.max(most, label & 0xFF);
        }
        this.classes = known != null
                ? known
                : IntStream.rangeClosed(0, most).mapToObj(Integer::toString).toList();
        if (most >= classes.size()) {
            throw new DataException("idx file " + labelFile + ": expected labels below " + classes.size()
                    + " as in the training split, got " + most);
        }
    }

    static Optional<Layout.Splits> find(Path root) throws IOException {
        Optional<Path> images = FlatFiles.find(root, "train-images-idx3-ubyte", "train-images.idx3-ubyte");
        if (images.isEmpty()) {
            return Optional.empty();
        }
        IdxOriginals train = new IdxOriginals("train", images.get(), labelsBeside(root, "train"), null);
        Optional<Path> test = FlatFiles.find(root, "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte");
        Optional<Originals> tests = test.isEmpty()
                ? Optional.empty()
                : Optional.of(new IdxOriginals("test", test.get(), labelsBeside(root, "t10k"), train.classes));
        return Optional.of(new Layout.Splits(train, Optional.empty(), tests));
    }

    private static Path labelsBeside(Path root, String split) {
        return FlatFiles.find(root, split + "-labels-idx1-ubyte", split + "-labels.idx1-ubyte")
                .orElseThrow(() -> new DataException("data folder " + root + ": expected " + split
                        + "-labels-idx1-ubyte (or .gz) beside the images, got none; fetch it too"));
    }

    private static ByteBuffer header(InputStream in, Path file, int magic, int bytes) {
        ByteBuffer header = ByteBuffer.wrap(FlatFiles.take(in, bytes, file));
        int got = header.getInt();
        if (got != magic) {
            throw new DataException("idx file " + file + ": expected magic number " + magic + ", got " + got
                    + "; is it another kind of file, or a .gz without its suffix?");
        }
        return header;
    }

    @Override
    public String split() {
        return split;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public void identify(Consumer<String> facts) throws IOException {
        facts.accept(FlatFiles.identity(images));
        facts.accept(FlatFiles.identity(labelFile));
    }

    @Override
    public PictureFormat survey(PictureDecoder decoder, OnCorrupt onCorrupt) {
        return new PictureFormat(1, imageSize, images.getFileName().toString());
    }

    @Override
    public Feed open() throws IOException {
        InputStream in = FlatFiles.open(images);
        header(in, images, IMAGES, 16);
        return new Feed() {
            private int record;

            @Override
            public Original next() {
                byte[] pixels = FlatFiles.take(in, imageSize.height() * imageSize.width(), images);
                String name = images.getFileName() + "#" + record;
                Original original = new Original(
                        name,
                        labels[record] & 0xFF,
                        decoder -> new Picture(1, imageSize.height(), imageSize.width(), pixels));
                record++;
                return original;
            }

            @Override
            public void close() throws IOException {
                in.close();
            }
        };
    }
}
