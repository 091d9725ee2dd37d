package dev.espalier.data;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.zip.CRC32C;

/**
 * What a cache folder says about itself: a properties file that also holds the checksum of every other file and of itself.
 */
final class CacheFacts {
    static final String FILE = "about.properties";
    private static final String OWN_CHECKSUM = "checksum";

    private final Properties properties;

    private CacheFacts(Properties properties) {
        this.properties = properties;
    }

    static CacheFacts create() {
        return new CacheFacts(new Properties());
    }

    CacheFacts put(String key, String value) {
        properties.setProperty(key, value);
        return this;
    }

    CacheFacts put(String key, long value) {
        return put(key, Long.toString(value));
    }

    CacheFacts putList(String key, List<String> values) {
        put(key + ".count", values.size());
        for (int i = 0; i < values.size(); i++) {
            put(key + "." + i, values.get(i));
        }
        return this;
    }

    String text(String key) throws IOException {
        String value = properties.getProperty(key);
        if (value == null) {
            throw new IOException(FILE + " lacks " + key);
        }
        return value;
    }

    long number(String key) throws IOException {
        try {
            return Long.parseLong(text(key));
        } catch (NumberFormatException e) {
            throw new IOException(FILE + ": " + key + " is not a number", e);
        }
    }

    List<String> list(String key) throws IOException {
        List<String> values = new ArrayList<>();
        for (long i = 0, count = number(key + ".count"); i < count; i++) {
            values.add(text(key + "." + i));
        }
        return List.copyOf(values);
    }

    byte[] encode() throws IOException {
        put(OWN_CHECKSUM, digest());
        StringWriter text = new StringWriter();
        properties.store(text, null);
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    static CacheFacts read(Path folder) throws IOException {
        Properties read = new Properties();
        try {
            read.load(new StringReader(Files.readString(folder.resolve(FILE))));
        } catch (IllegalArgumentException e) {
            throw new IOException(FILE + " is damaged", e);
        }
        CacheFacts facts = new CacheFacts(read);
        if (facts.number(OWN_CHECKSUM) != facts.digest()) {
            throw new IOException("the checksum of " + FILE + " is wrong");
        }
        return facts;
    }

    /** Over the entries in the order of their keys, except the checksum itself. */
    private long digest() {
        CRC32C crc = new CRC32C();
        properties.stringPropertyNames().stream()
                .filter(key -> !key.equals(OWN_CHECKSUM))
                .sorted()
                .forEach(key ->
                        crc.update((key + '\0' + properties.getProperty(key) + '\0').getBytes(StandardCharsets.UTF_8)));
        return crc.getValue();
    }
}
