package dev.espalier.data;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A labelled set of procedural colour images: eight textures and shapes at random place, size, angle, colour and contrast,
 * under noise. Foreground and background swap at random, so that no pixel alone tells a class. Two classes are mirror images
 * of each other: augmentation must not flip.
 *
 * @param side height and width in pixels
 * @param trainPerClass training images of each class
 * @param testPerClass test images of each class
 * @param seed decides every pixel
 */
public record SyntheticImages(int side, int trainPerClass, int testPerClass, long seed) {
    /** The class names. */
    public static final List<String> CLASSES = Motif.names();

    private static final List<Motif> MOTIFS = List.of(Motif.values());

    public SyntheticImages {
        if (side < 16 || side > 512 || trainPerClass < 1 || testPerClass < 1) {
            throw new DataException(
                    "synthetic images: expected a side of 16 to 512 and at least one image per class, got side " + side
                            + ", " + trainPerClass + " training and " + testPerClass + " test images");
        }
    }

    /** 1,600 training and 400 test images of 32x32. */
    public static SyntheticImages standard(long seed) {
        return new SyntheticImages(32, 200, 50, seed);
    }

    /**
     * Writes {@code train/<class>/NNNN.png} and {@code test/<class>/NNNN.png}; the same settings give the same files.
     *
     * @param root the data folder; made if it is not there
     */
    public void write(Path root) {
        write(root.resolve("train"), 0, trainPerClass);
        write(root.resolve("test"), trainPerClass, testPerClass);
    }

    private void write(Path split, int first, int count) {
        IntStream.range(0, CLASSES.size()).parallel().forEach(label -> {
            Path folder = split.resolve(CLASSES.get(label));
            ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
            try {
                Files.createDirectories(folder);
                for (int i = 0; i < count; i++) {
                    Path file = folder.resolve(String.format(Locale.ROOT, "%04d.png", i));
                    save(
                            writer,
                            new Sketch(side, new Philox(seed, Philox.SYNTHETIC, label), first + i)
                                    .draw(MOTIFS.get(label)),
                            file);
                }
            } catch (IOException e) {
                throw new DataException(
                        "synthetic images: cannot write to " + folder + " (" + e + "); choose another folder", e);
            } finally {
                writer.dispose();
            }
        });
    }

    private void save(ImageWriter writer, byte[] interleaved, Path file) throws IOException {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_3BYTE_BGR);
        byte[] to = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        System.arraycopy(interleaved, 0, to, 0, to.length);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
                MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(image);
            writer.reset();
        }
    }
}
