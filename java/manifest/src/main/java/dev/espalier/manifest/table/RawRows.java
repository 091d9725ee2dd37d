package dev.espalier.manifest.table;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a UTF-8 file into rows, of which it never holds more than a limit: a row that is too long or no UTF-8 costs itself only.
 *
 * <p>A row ends at LF, CR or CR LF. With a separator the file is delimited text as RFC 4180 has it: line ends inside a quoted
 * cell belong to it. Blank rows and a byte order mark at the start are passed over.
 */
final class RawRows implements Closeable {
    private static final int NO_SEPARATOR = -1;
    private static final int END = -1;
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    /** Where in a cell the scan is. */
    private enum State {
        START,
        PLAIN,
        QUOTED,
        /** After a quote in a quoted cell: the cell's end, or the first of two that stand for one. */
        QUOTE
    }

    private final InputStream in;
    private final int separator;
    private final int limit;
    private final byte[] block = new byte[1 << 16];
    private int blockLength;
    private int blockAt;
    private byte[] row = new byte[1 << 10];
    private int length;
    private boolean tooLong;
    private long line = 1;
    private int previous = '\n';

    private RawRows(Path file, int separator, int limit) throws IOException {
        this.in = Files.newInputStream(file);
        this.separator = separator;
        this.limit = limit;
        blockLength = in.readNBytes(block, 0, block.length);
        blockAt = startsWithMark() ? BYTE_ORDER_MARK.length : 0;
    }

    private boolean startsWithMark() {
        int marked = BYTE_ORDER_MARK.length;
        return blockLength >= marked && Arrays.equals(block, 0, marked, BYTE_ORDER_MARK, 0, marked);
    }

    /** Rows that are lines. */
    static RawRows lines(Path file, int limit) throws IOException {
        return new RawRows(file, NO_SEPARATOR, limit);
    }

    /** Rows of cells that may be quoted. */
    static RawRows delimited(Path file, char separator, int limit) throws IOException {
        return new RawRows(file, separator, limit);
    }

    /** The next row that is not blank; null at the end of the file. */
    @Nullable
    RawRow next() throws IOException {
        while (true) {
            long first = line;
            length = 0;
            tooLong = false;
            State state = State.START;
            int c = read();
            while (c != END && (state == State.QUOTED || !isLineEnd(c))) {
                keep(c);
                state = after(state, c);
                c = read();
            }
            boolean whole = c != END || state != State.QUOTED;
            if (tooLong || !isBlank()) {
                return whole ? row(first) : unclosed(first);
            }
            if (c == END) {
                return null;
            }
        }
    }

    private State after(State state, int c) {
        if (separator == NO_SEPARATOR) {
            return State.PLAIN;
        }
        return switch (state) {
            case QUOTED -> c == '"' ? State.QUOTE : State.QUOTED;
            case QUOTE -> c == '"' ? State.QUOTED : plain(c);
            case START -> c == '"' ? State.QUOTED : plain(c);
            case PLAIN -> plain(c);
        };
    }

    private State plain(int c) {
        return c == separator ? State.START : State.PLAIN;
    }

    private RawRow row(long first) {
        if (tooLong) {
            return new RawRow(first, "", "expected a row of at most " + limit + " bytes, got a longer one");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(row, 0, length))
                    .toString();
            return new RawRow(first, text, null);
        } catch (CharacterCodingException e) {
            return new RawRow(first, "", "expected UTF-8 text, got other bytes");
        }
    }

    private RawRow unclosed(long first) {
        return new RawRow(first, "", "a quote opens that is not closed by the end of the file, line " + line);
    }

    private boolean isBlank() {
        for (int i = 0; i < length; i++) {
            if (row[i] != ' ' && (row[i] != '\t' || separator == '\t')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLineEnd(int c) {
        return c == '\n' || c == '\r';
    }

    private void keep(int c) {
        if (length == limit) {
            tooLong = true;
            return;
        }
        if (length == row.length) {
            row = Arrays.copyOf(row, Math.min(limit, 2 * length));
        }
        row[length++] = (byte) c;
    }

    private int read() throws IOException {
        if (blockAt == blockLength) {
            blockLength = Math.max(0, in.read(block));
            blockAt = 0;
            if (blockLength == 0) {
                return END;
            }
        }
        int c = block[blockAt++] & 0xFF;
        if (c == '\r' || (c == '\n' && previous != '\r')) {
            line++;
        }
        previous = c;
        return c;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
