package dev.espalier.manifest.check;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Small pictures on disk, made by the tests. */
final class Pictures {
    private Pictures() {}

    /** A picture of 6x4 pixels; other numbers are other pictures. */
    static Path write(Path file, int number) throws IOException {
        return write(file, number, 6, 4, BufferedImage.TYPE_INT_RGB);
    }

    static Path write(Path file, int number, int width, int height, int type) throws IOException {
        BufferedImage picture = new BufferedImage(width, height, type);
        for (int i = 0; i < width * height; i++) {
            if (type == BufferedImage.TYPE_BYTE_GRAY) {
                // setRGB would convert between colour spaces.
                picture.getRaster().setSample(i % width, i / width, 0, (number + i) & 0xFF);
            } else {
                picture.setRGB(i % width, i / width, 1000 * number + 7 * i);
            }
        }
        Files.createDirectories(file.getParent());
        if (!ImageIO.write(picture, "png", file.toFile())) {
            throw new IOException("no writer for " + file);
        }
        return file;
    }
}
