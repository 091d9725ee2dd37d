package dev.espalier.manifest.encode;

import dev.espalier.data.RowMaker;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the rows of one modality from its cells.
 *
 * @param name of the rows
 * @param root folder that relative paths in cells start from
 * @param cells of each row one for each column of the encoder
 */
record CellRows(String name, Encoder encoder, Path root, List<List<@Nullable String>> cells) implements RowMaker {
    /** Raised whenever an encoder makes other numbers of the same cells. */
    private static final int VERSION = 1;

    /** Decoders of files that run at once; each holds a decoded file. */
    private static final int THREADS = 4;

    static CellRows of(String split, Encoder encoder, Manifest manifest, List<List<@Nullable String>> cells) {
        return new CellRows(split + " " + encoder.modality(), encoder, manifest.root(), cells);
    }

    @Override
    public int size() {
        return cells.size();
    }

    @Override
    public DType dtype() {
        return encoder.stored();
    }

    @Override
    public Shape shape() {
        return encoder.shape();
    }

    @Override
    public int threads() {
        return encoder.ofFiles() ? Math.min(THREADS, Runtime.getRuntime().availableProcessors()) : 1;
    }

    @Override
    public void identify(Consumer<String> facts) throws IOException {
        facts.accept("encoding version " + VERSION + " " + EncodingJson.write(encoder.asStored()));
        CellFacts told = new CellFacts(root, encoder.ofFiles(), facts);
        for (List<@Nullable String> row : cells) {
            told.tell(row);
        }
    }

    @Override
    public Worker open() {
        CellReader reader = new CellReader(root);
        return new Worker() {
            @Override
            public boolean make(int row, ByteBuffer to) throws IOException {
                try {
                    return encoder.encode(cells.get(row), reader, to);
                } catch (IOException e) {
                    throw new IOException(encoder.modality() + ": " + OneLine.of(String.valueOf(e.getMessage())), e);
                }
            }

            @Override
            public void close() {
                reader.close();
            }
        };
    }
}
