package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
    /** A protocol-buffers message taken apart: the values of each field in order, delimited ones as bytes. */
    private static Map<Integer, List<Object>> message(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, List<Object>> fields = new LinkedHashMap<>();
        while (in.hasRemaining()) {
            long tag = varint(in);
            Object value = switch ((int) (tag & 7)) {
                case 0 -> varint(in);
                case 1 -> in.getDouble();
                case 2 -> {
                    byte[] part = new byte[(int) varint(in)];
                    in.get(part);
                    yield part;
                }
                case 5 -> in.getFloat();
                default -> throw new AssertionError("wire type of tag " + tag);
            };
            fields.computeIfAbsent((int) (tag >> 3), field -> new ArrayList<>()).add(value);
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static byte[] part(Map<Integer, List<Object>> message, int field) {
        return (byte[]) message.getOrDefault(field, List.of()).get(0);
    }

    private static String text(Map<Integer, List<Object>> message, int field) {
        return new String(part(message, field), StandardCharsets.UTF_8);
    }

    private static List<Map<Integer, List<Object>>> events(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> listed = Files.list(directory)) {
            files = listed.toList();
        }
        assertThat(files).hasSize(1);
        assertThat(files.get(0).getFileName().toString()).startsWith("events.out.tfevents.");
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(files.get(0))).order(ByteOrder.LITTLE_ENDIAN);
        List<Map<Integer, List<Object>>> events = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            assertThat(in.getInt()).isEqualTo(EventFile.maskedCrc(length, 0, 8));
            byte[] payload = new byte
                    [(int) ByteBuffer.wrap(length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong()];
            in.get(payload);
            assertThat(in.getInt()).isEqualTo(EventFile.maskedCrc(payload, 0, payload.length));
            events.add(message(payload));
        }
        return events;
    }

    @Test
    void theMaskedChecksumIsThatOfTheTfRecordFormat() {
        // CRC-32C of "123456789" is 0xE3069283 (RFC 3720, appendix B.4, the catalogue's check value).
        byte[] check = "123456789".getBytes(StandardCharsets.US_ASCII);
        int crc = 0xE3069283;
        assertThat(EventFile.maskedCrc(check, 0, check.length)).isEqualTo((crc >>> 15 | crc << 17) + 0xa282ead8);
    }

    @Test
    void scalarsReadBackWithTheirStepsAndTags(@TempDir Path directory) throws IOException {
        try (EventFile file = EventFile.create(directory, 1700000000.5)) {
            file.add(1700000001.0, 300, Map.of("loss/training", 0.75));
            file.add(1700000002.0, 1L << 40, Map.of("loss/training", -2.5));
        }
        List<Map<Integer, List<Object>>> events = events(directory);
        assertThat(events).hasSize(3);
        assertThat(events.get(0)).contains(entry(1, List.of(1700000000.5)));
        assertThat(text(events.get(0), 3)).isEqualTo("brain.Event:2");
        assertThat(events.get(1)).contains(entry(1, List.of(1700000001.0)), entry(2, List.of(300L)));
        assertThat(events.get(2)).contains(entry(2, List.of(1L << 40)));

        Map<Integer, List<Object>> first = message(part(message(part(events.get(1), 5)), 1));
        assertThat(text(first, 1)).isEqualTo("loss/training");
        assertThat(first).contains(entry(2, List.of(0.75f)));
        Map<Integer, List<Object>> metadata = message(part(first, 9));
        assertThat(text(message(part(metadata, 1)), 1)).isEqualTo("scalars");
        Map<Integer, List<Object>> second = message(part(message(part(events.get(2), 5)), 1));
        assertThat(second).contains(entry(2, List.of(-2.5f)));
    }

    @Test
    void aRestartIsASessionStartAtItsStep(@TempDir Path directory) throws IOException {
        try (EventFile file = EventFile.create(directory, 1)) {
            file.restart(2, 41);
        }
        Map<Integer, List<Object>> restart = events(directory).get(1);
        assertThat(restart).contains(entry(2, List.of(41L)));
        assertThat(message(part(restart, 7))).contains(entry(1, List.of(1L)));
    }
}
