package dev.espalier.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

/** Small data sets on disk, made by the tests. */
final class Fixtures {
    private Fixtures() {}

    /** A byte that depends on all its arguments, so that a wrong image, channel, row or column shows. */
    static int pixel(int image, int channel, int y, int x) {
        return (image * 31 + channel * 97 + y * 7 + x * 3) & 0xFF;
    }

    static byte[] planes(int image, int channels, int height, int width) {
        byte[] bytes = new byte[channels * height * width];
        int to = 0;
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    bytes[to++] = (byte) pixel(image, c, y, x);
                }
            }
        }
        return bytes;
    }

    static BufferedImage colour(int image, int height, int width) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                picture.setRGB(x, y, pixel(image, 0, y, x) << 16 | pixel(image, 1, y, x) << 8 | pixel(image, 2, y, x));
            }
        }
        return picture;
    }

    static byte[] encode(BufferedImage picture, String format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(picture, format, out)) {
                throw new IllegalStateException("no writer for " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    static Path write(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.write(file, bytes);
    }

    /** {@code perClass} PNG files of 6x8 in each class; image numbers go up through classes and files. */
    static void folder(Path split, int perClass, String... classes) throws IOException {
        int image = 0;
        for (String name : classes) {
            for (int i = 0; i < perClass; i++) {
                write(split.resolve(name).resolve(String.format("%03d.png", i)), encode(colour(image++, 6, 8), "png"));
            }
        }
    }

    /** A CIFAR-like file of records with labels 0, 1, 2 ... modulo {@code classes}. */
    static void cifar(Path file, int records, int classes, boolean coarse) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < records; i++) {
            if (coarse) {
                out.write(0);
            }
            out.write(i % classes);
            out.writeBytes(planes(i, 3, 32, 32));
        }
        write(file, out.toByteArray());
    }

    /** A pair of idx files as MNIST has them. */
    static void idx(Path folder, String split, int count, boolean packed) throws IOException {
        ByteArrayOutputStream images = new ByteArrayOutputStream();
        images.writeBytes(ByteBuffer.allocate(16)
                .putInt(2051)
                .putInt(count)
                .putInt(5)
                .putInt(4)
                .array());
        ByteArrayOutputStream labels = new ByteArrayOutputStream();
        labels.writeBytes(ByteBuffer.allocate(8).putInt(2049).putInt(count).array());
        for (int i = 0; i < count; i++) {
            images.writeBytes(planes(i, 1, 5, 4));
            labels.write(i % 3);
        }
        put(folder.resolve(split + "-images-idx3-ubyte" + (packed ? ".gz" : "")), images.toByteArray(), packed);
        put(folder.resolve(split + "-labels-idx1-ubyte" + (packed ? ".gz" : "")), labels.toByteArray(), packed);
    }

    private static void put(Path file, byte[] bytes, boolean packed) throws IOException {
        Files.createDirectories(file.getParent());
        try (OutputStream out =
                packed ? new GZIPOutputStream(Files.newOutputStream(file)) : Files.newOutputStream(file)) {
            out.write(bytes);
        }
    }

    static DataOptions options(Path cache) {
        return DataOptions.defaults().withCache(cache).withValidation(0, 0).withListener(DataListener.silent());
    }

    static byte[] read(Source samples, int index) {
        ImageSource source = (ImageSource) samples;
        ByteBuffer bytes = ByteBuffer.allocate((int) source.imageShape().numel());
        source.read(index, bytes);
        return bytes.array();
    }

    /** Remembers what it was told. */
    static final class Recorder implements DataListener {
        final List<String> notes = new ArrayList<>();
        final List<Skipped> skipped = new ArrayList<>();
        int decoded;

        @Override
        public void note(String message) {
            notes.add(message);
        }

        @Override
        public void skipped(Skipped image) {
            skipped.add(image);
        }

        @Override
        public void decoded(String split, int done, int total) {
            decoded++;
        }
    }
}
