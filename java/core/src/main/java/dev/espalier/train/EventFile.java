package dev.espalier.train;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * An append-only file of scalars that TensorBoard reads.
 *
 * <p>Layout: TFRecord frames (length u64, masked CRC-32C of it, payload, masked CRC-32C of it; little-endian), each
 * holding a tensorflow.Event message; field numbers are those of TensorFlow's event.proto and summary.proto.
 */
final class EventFile implements AutoCloseable {
    private static final int CRC_MASK_DELTA = 0xa282ead8;
    private static final int DATA_CLASS_SCALAR = 1;

    private final OutputStream out;
    private final Set<String> described = new HashSet<>();

    private EventFile(OutputStream out) {
        this.out = out;
    }

    /** Creates a new file in {@code directory}, whose name marks it as an event file begun at {@code seconds}. */
    static EventFile create(Path directory, double seconds) throws IOException {
        Files.createDirectories(directory);
        for (int attempt = 0; ; attempt++) {
            Path file = directory.resolve("events.out.tfevents.%010d.espalier.%d.%d"
                    .formatted((long) seconds, ProcessHandle.current().pid(), attempt));
            if (Files.notExists(file)) {
                EventFile events = new EventFile(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW));
                events.write(new ProtoWriter().float64(1, seconds).text(3, "brain.Event:2"));
                return events;
            }
        }
    }

    /** Adds the scalars of one step. */
    void add(double seconds, long step, Map<String, Double> scalars) throws IOException {
        ProtoWriter summary = new ProtoWriter();
        scalars.forEach((tag, value) -> summary.message(1, value(tag, value)));
        write(new ProtoWriter().float64(1, seconds).int64(2, step).message(5, summary));
    }

    /** Tells TensorBoard that the run starts again at {@code step}, so that later points written before it are dropped. */
    void restart(double seconds, long step) throws IOException {
        ProtoWriter start = new ProtoWriter().int64(1, 1);
        write(new ProtoWriter().float64(1, seconds).int64(2, step).message(7, start));
    }

    private ProtoWriter value(String tag, double value) {
        ProtoWriter message = new ProtoWriter().text(1, tag).float32(2, (float) value);
        if (described.add(tag)) {
            ProtoWriter plugin = new ProtoWriter().text(1, "scalars");
            message.message(9, new ProtoWriter().message(1, plugin).int64(4, DATA_CLASS_SCALAR));
        }
        return message;
    }

    private void write(ProtoWriter event) throws IOException {
        byte[] payload = event.toBytes();
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        frame.putLong(payload.length);
        frame.putInt(maskedCrc(frame.array(), 0, Long.BYTES));
        frame.put(payload);
        frame.putInt(maskedCrc(payload, 0, payload.length));
        out.write(frame.array());
    }

    /** CRC-32C rotated right by 15 and offset, so that a checksum of data that holds checksums stays strong. */
    static int maskedCrc(byte[] data, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, offset, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK_DELTA;
    }

    void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
