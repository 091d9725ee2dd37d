package dev.espalier.cli;

import dev.espalier.data.ImageSource;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Base64;
import javax.imageio.ImageIO;

/** Samples of a split as PNG files in base64, for pages that hold their own pictures. */
final class Pictures {
    private Pictures() {}

    static String png(ImageSource source, int index) {
        int channels = (int) source.imageShape().dim(0);
        int height = (int) source.imageShape().dim(1);
        int width = (int) source.imageShape().dim(2);
        ByteBuffer bytes = ByteBuffer.allocate(channels * height * width);
        source.read(index, bytes);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = 0;
                for (int c = 0; c < 3; c++) {
                    int plane = channels == 3 ? c : 0;
                    rgb = rgb << 8 | (bytes.get((plane * height + y) * width + x) & 0xff);
                }
                image.setRGB(x, y, rgb);
            }
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot encode sample " + source.name(index), e);
        }
        return Base64.getEncoder().encodeToString(png.toByteArray());
    }
}
