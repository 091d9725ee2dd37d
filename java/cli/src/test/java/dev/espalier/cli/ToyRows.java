package dev.espalier.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** A manifest of days and nights: bright or dark pictures, shrill or deep sounds, words, and large or small numbers. */
final class ToyRows {
    private static final int RATE = 8000;
    private static final int SAMPLES = 1600;

    private ToyRows() {}

    /** Writes {@code manifest.csv} with 48 rows for training and 24 for testing, and what it names. */
    static Path write(Path folder) throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        List<String> rows = new ArrayList<>(List.of("id,split,label,photo,sound,words,size"));
        for (int i = 0; i < 72; i++) {
            boolean day = i % 2 == 0;
            picture(folder.resolve(i + ".png"), day ? 140 : 40, random);
            sound(folder.resolve(i + ".wav"), day ? 1500 : 300, random);
            rows.add(String.join(
                    ",",
                    Integer.toString(i),
                    i < 48 ? "train" : "test",
                    day ? "day" : "night",
                    i + ".png",
                    i + ".wav",
                    (day ? "the sun is out on hill " : "the moon is out on hill ") + i,
                    Double.toString((day ? 3 : 1) * random.nextDouble())));
        }
        return Files.write(folder.resolve("manifest.csv"), rows);
    }

    private static void picture(Path file, int grey, SplittableRandom random) throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        for (int p = 0; p < 64; p++) {
            image.getRaster().setSample(p % 8, p / 8, 0, grey + random.nextInt(60));
        }
        ImageIO.write(image, "png", file.toFile());
    }

    private static void sound(Path file, double hertz, SplittableRandom random) throws IOException {
        ByteBuffer wav = ByteBuffer.allocate(44 + 2 * SAMPLES).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 2 * SAMPLES);
        wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        wav.putShort((short) 1).putShort((short) 1).putInt(RATE).putInt(2 * RATE);
        wav.putShort((short) 2).putShort((short) 16);
        wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * SAMPLES);
        for (int i = 0; i < SAMPLES; i++) {
            wav.putShort((short) (8000 * Math.sin(2 * Math.PI * hertz * i / RATE) + random.nextInt(-500, 500)));
        }
        Files.write(file, wav.array());
    }
}
