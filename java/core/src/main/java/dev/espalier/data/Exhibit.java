package dev.espalier.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;
import javax.imageio.ImageIO;

/**
 * A part of a sample, to be shown to people.
 *
 * @param kind what the content is
 * @param content a PNG file or a WAV file in base64, or the text itself
 */
public record Exhibit(Kind kind, String content) {
    /** What is shown. */
    public enum Kind {
        PICTURE,
        SOUND,
        TEXT
    }

    public Exhibit {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(content, "content");
    }

    /** A text as it is. */
    public static Exhibit text(String text) {
        return new Exhibit(Kind.TEXT, text);
    }

    /** A sound, given as a whole WAV file. */
    public static Exhibit sound(byte[] file) {
        return new Exhibit(Kind.SOUND, Base64.getEncoder().encodeToString(file));
    }

    /** A picture, kept as a PNG file. */
    public static Exhibit picture(Picture picture) {
        int plane = picture.height() * picture.width();
        byte[] bytes = picture.bytes();
        BufferedImage image = new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < plane; i++) {
            int rgb = 0;
            for (int c = 0; c < 3; c++) {
                rgb = rgb << 8 | (bytes[picture.channels() == 3 ? c * plane + i : i] & 0xff);
            }
            image.setRGB(i % picture.width(), i / picture.width(), rgb);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException("a picture cannot be encoded", e);
        }
        return new Exhibit(
                Kind.PICTURE, new String(Base64.getEncoder().encode(png.toByteArray()), StandardCharsets.US_ASCII));
    }
}
