package dev.espalier.formats.hostile;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** Damage inside one entry of an archive, or to its list of entries; the archive itself stays whole. */
final class ZipEdits {
    private ZipEdits() {}

    /** Edits for archives whose texts are JSON. */
    static byte[] apply(byte[] file, Random random) {
        Map<String, byte[]> entries = unpack(file);
        if (entries.isEmpty()) {
            return ByteEdits.ALL.get(random.nextInt(ByteEdits.ALL.size())).apply(file, random);
        }
        List<String> names = new ArrayList<>(entries.keySet());
        String name = names.get(random.nextInt(names.size()));
        byte[] content = entries.get(name);
        switch (random.nextInt(12)) {
            case 0 -> entries.remove(name);
            case 1 -> entries.put(names.get(random.nextInt(names.size())), content);
            case 2 -> entries.put(name, new byte[1 << random.nextInt(22)]);
            default -> {
                if (content.length > 0) {
                    entries.put(
                            name,
                            name.endsWith(".json") && random.nextInt(5) > 0
                                    ? TextEdits.json(content, random)
                                    : ByteEdits.ALL
                                            .get(random.nextInt(ByteEdits.ALL.size()))
                                            .apply(content, random));
                }
            }
        }
        return pack(entries, random.nextBoolean());
    }

    /** The archive in a form that can be unpacked front to back. */
    static byte[] repacked(Path file) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return pack(entries, true);
    }

    static Map<String, byte[]> unpack(byte[] file) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(file))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), in.readAllBytes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return entries;
    }

    static byte[] pack(Map<String, byte[]> entries, boolean stored) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                ZipEntry head = new ZipEntry(entry.getKey());
                if (stored) {
                    CRC32 crc = new CRC32();
                    crc.update(entry.getValue());
                    head.setMethod(ZipEntry.STORED);
                    head.setSize(entry.getValue().length);
                    head.setCrc(crc.getValue());
                }
                out.putNextEntry(head);
                out.write(entry.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
