package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Makes rows of numbers from what lies elsewhere, such as files or cells of a table. */
public interface RowMaker {
    /** What the rows are, such as {@code train audio}, for people. */
    String name();

    /** The number of rows. */
    int size();

    /** The type of the numbers: U8, I32 or F32. */
    DType dtype();

    /** The shape of a row. */
    Shape shape();

    /** Tells all that decides the numbers: settings and versions of code, and cells; of files paths, lengths and times of change. */
    void identify(Consumer<String> facts) throws IOException;

    /** Threads that may work at once. */
    int threads();

    /** Starts the work of one thread. */
    Worker open();

    /** Makes rows on one thread. */
    interface Worker extends AutoCloseable {
        /**
         * Puts the numbers of a row at the position of {@code to}, little-endian.
         *
         * @return false if there is nothing to make the row of
         * @throws IOException if what it is made of cannot be used; the message is the reason, which is kept
         * @throws DataException if the row may be made another time
         */
        boolean make(int row, ByteBuffer to) throws IOException;

        @Override
        void close();
    }
}
