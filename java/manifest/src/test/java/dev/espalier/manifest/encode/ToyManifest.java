package dev.espalier.manifest.encode;

import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.OnCorrupt;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.ManifestFile;
import dev.espalier.manifest.table.TableOptions;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** Rows of two classes, low and high: a dark or bright picture, a deep or shrill sound, words, a small or large number, a colour. */
final class ToyManifest {
    private static final int RATE = 8000;

    private final Path folder;
    private final List<String> lines = new ArrayList<>(List.of("id,split,label,image,audio,text,size,colour,site"));
    private final SplittableRandom random = new SplittableRandom(5);

    ToyManifest(Path folder) {
        this.folder = folder;
    }

    /** So many rows of each class; every fifth lacks its picture, every seventh its sound, every eleventh its text. */
    ToyManifest rows(String split, int perClass) throws IOException {
        for (int i = 0; i < 2 * perClass; i++) {
            boolean high = i % 2 == 1;
            String id = split + i;
            row(
                    id + "," + split + "," + (high ? "high" : "low"),
                    i % 5 == 4 ? "" : picture(id, high),
                    i % 7 == 6 ? "" : sound(id, high),
                    i % 11 == 10 ? "" : (high ? "up in the sky" : "down on the ground"),
                    Double.toString((high ? 60 : 40) + random.nextInt(10)),
                    high ? "white" : "black",
                    i % 3 == 0 ? "north" : "south");
        }
        return this;
    }

    ToyManifest row(String... cells) {
        lines.add(String.join(",", cells));
        return this;
    }

    String picture(String name, boolean bright) throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 64; i++) {
            image.getRaster().setSample(i % 8, i / 8, 0, (bright ? 150 : 50) + random.nextInt(50));
        }
        ImageIO.write(image, "png", folder.resolve(name + ".png").toFile());
        return name + ".png";
    }

    String sound(String name, boolean shrill) throws IOException {
        int samples = 1600;
        ByteBuffer wav = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 2 * samples);
        wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        wav.putShort((short) 1).putShort((short) 1).putInt(RATE).putInt(2 * RATE);
        wav.putShort((short) 2).putShort((short) 16);
        wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * samples);
        double turn = 2 * Math.PI * (shrill ? 2000 : 300) / RATE;
        for (int i = 0; i < samples; i++) {
            wav.putShort((short) (8000 * Math.sin(turn * i) + random.nextInt(-500, 500)));
        }
        Files.write(folder.resolve(name + ".wav"), wav.array());
        return name + ".wav";
    }

    Manifest manifest() throws IOException {
        Files.write(folder.resolve("manifest.csv"), lines);
        return ManifestFile.read(
                Map.of(
                        "files",
                        "manifest.csv",
                        "columns",
                        Map.of(
                                "id", "id",
                                "split", "split",
                                "label", "label",
                                "image", "image",
                                "audio", Map.of("type", "audio", "bins", 12),
                                "text", Map.of("type", "text", "least-count", 1),
                                "size", Map.of("type", "numeric", "scale", "minmax"),
                                "colour", "categorical",
                                "site", "group")),
                folder,
                TableOptions.defaults().withListener(DataListener.silent()));
    }

    /** Where encoded rows are kept. */
    Path cache() {
        return folder.resolve("cache");
    }

    DataSets open(OnCorrupt policy, DataListener listener, Optional<Encoding> encoding) throws IOException {
        return MixedData.open(manifest(), new MixedData.Options(encoding, 0.25, 1, policy, cache(), listener));
    }

    DataSets open() throws IOException {
        return open(OnCorrupt.FAIL, DataListener.silent(), Optional.empty());
    }
}
