package dev.espalier.manifest.encode;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.Exhibit;
import dev.espalier.model.Branch;
import dev.espalier.model.Metadata;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Turns the cells of one modality into numbers; what it knows was learnt from training rows and never changes. */
public sealed interface Encoder permits PictureEncoder, SoundEncoder, TextEncoder, TableEncoder {
    /** The name of the modality, which is that of its input too. */
    String modality();

    /** The columns that it reads, in the order in which it takes their cells. */
    List<String> columns();

    /** The type of the numbers kept for a row. */
    DType stored();

    /** The shape of the numbers kept for a row. */
    Shape shape();

    /** Bytes kept for a row. */
    default int bytes() {
        return Math.toIntExact(Math.multiplyExact(shape().numel(), stored().bytes()));
    }

    /**
     * Whether cells are names of files: equal ones are encoded once, and rows go to the device of the batches as they lie. Other rows are small and are fed from
     * the CPU.
     */
    default boolean ofFiles() {
        return false;
    }

    /** An encoder that keeps the same numbers for the same cells, without what only feeding them needs. */
    default Encoder asStored() {
        return this;
    }

    /**
     * Puts the numbers of a row at the position of {@code to}, little-endian.
     *
     * @param cells one for each column
     * @return false if the row lacks the modality; nothing is put then
     * @throws IOException if a cell or its file cannot be used; the message is the reason, without the row's name
     */
    boolean encode(List<@Nullable String> cells, CellReader reader, ByteBuffer to) throws IOException;

    /**
     * What the modality of a row looks like to people; of other than files what stands in the cells.
     *
     * @param row the numbers kept for it, little-endian
     * @param cells one for each column
     */
    default Exhibit exhibit(ByteBuffer row, List<@Nullable String> cells) {
        StringJoiner text = new StringJoiner(", ");
        for (int i = 0; i < cells.size(); i++) {
            String cell = cells.get(i);
            if (cell != null) {
                text.add(columns().get(i) + ": " + cell);
            }
        }
        return Exhibit.text(text.toString());
    }

    /** The same for a model that has lost some of what it was fed: columns of a table or bins of a sound, as it states. */
    default Encoder keptBy(Metadata metadata) {
        return this;
    }

    /** The parts of a model that take its inputs. */
    List<Branch> branches();

    /** What makes model inputs of stored rows in an epoch. */
    Feeder feeder(BatchOptions options, int epoch);
}
