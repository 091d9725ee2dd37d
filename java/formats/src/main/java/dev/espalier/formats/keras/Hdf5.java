package dev.espalier.formats.keras;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.runtime.DType;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** One HDF5 file in memory: texts of attributes and arrays of real numbers, each checked against the bytes that exist. */
final class Hdf5 implements AutoCloseable {
    /**
     * All arrays of a file may together take so many times its bytes and {@value #SLACK} more, whether the file holds them, packs them
     * or has them filled in. A weight costs {@value #READING} times its bytes when it is read and once more whenever a layer takes it,
     * which a recurrent layer does three times: weights of which 98 % are zero, which deflate shrinks tenfold, still fit.
     */
    private static final int RATIO = 64;

    private static final long SLACK = 8L << 20;

    /** The library unpacks chunks, puts them together and turns them into numbers. */
    private static final int READING = 3;

    /** What one text of an attribute takes beside its characters. */
    private static final int TEXT = 64;

    private final Path file;
    private final HdfFile hdf;
    private final long size;
    private long left;

    private Hdf5(Path file, HdfFile hdf, long size, long allowed) {
        this.file = file;
        this.hdf = hdf;
        this.size = size;
        this.left = allowed;
    }

    /** Opens the HDF5 content {@code bytes} of {@code file}. */
    static Hdf5 open(Path file, byte[] bytes) {
        long allowed = RATIO * stored(file) + SLACK;
        return guarded(
                file, "not a whole HDF5 file", () -> new Hdf5(file, HdfFile.fromBytes(bytes), bytes.length, allowed));
    }

    /** The bytes of the file itself, which may be an archive that packs the HDF5 content. */
    private static long stored(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    /** Counts bytes that {@code what} is about to take against those that all arrays may take. */
    void charge(String what, long bytes) {
        if (bytes < 0 || bytes > left) {
            throw FormatException.of(
                    file,
                    what + " needs " + bytes + " bytes of memory, expected at most " + left
                            + ": what is left of the " + RATIO + " times its size and " + SLACK
                            + " bytes that all arrays of a file may take");
        }
        left -= bytes;
    }

    /**
     * Damaged files make the HDF5 library fail in many ways (bounds of buffers, casts, endless recursion), all of which mean the
     * same here.
     */
    private static <T> T guarded(Path file, String problem, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (FormatException e) {
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            throw new FormatException(file + ": " + problem + ": " + e.getMessage(), e);
        }
    }

    /** The texts of an attribute, one for a scalar. */
    Optional<List<String>> texts(String group, String attribute) {
        return guarded(file, "attribute '" + attribute + "' of '" + group + "' cannot be read", () -> {
            Node node = group.isEmpty() ? hdf : hdf.getByPath(group);
            Attribute found = node.getAttribute(attribute);
            if (found == null) {
                return Optional.empty();
            }
            require(
                    found.getSizeInBytes() <= size,
                    "attribute '" + attribute + "' claims more bytes than the file has");
            charge("attribute '" + attribute + "'", TEXT * found.getSize() + found.getSizeInBytes());
            Object data = found.getData();
            if (data instanceof String text) {
                return Optional.of(List.of(text));
            }
            if (data instanceof String[] many) {
                return Optional.of(List.of(many));
            }
            if (found.isEmpty() || (data instanceof double[] none && none.length == 0)) {
                return Optional.of(List.of()); // how h5py stores an empty list
            }
            throw FormatException.of(file, "attribute '" + attribute + "' of '" + group + "' is no text");
        });
    }

    /** Whether the group has a child of this name. */
    boolean has(String group, String child) {
        return guarded(file, "'" + group + "' cannot be read", () -> {
            Node node = hdf;
            for (String part : (group + "/" + child).split("/", -1)) {
                node = node instanceof Group parent ? parent.getChild(part) : null;
                if (node == null) {
                    return false;
                }
            }
            return true;
        });
    }

    /** The numbers of a dataset of single precision. */
    Array array(String path) {
        return guarded(file, "dataset '" + path + "' cannot be read", () -> {
            Dataset dataset = hdf.getDatasetByPath(path);
            long[] dims = dataset.getDimensionsAsLong();
            require(
                    dataset.getJavaType() == float.class,
                    "dataset '" + path + "' holds " + dataset.getJavaType().getSimpleName()
                            + ", expected float: save the model with the dtype policy float32");
            long bytes;
            try {
                bytes = TensorBytes.declared(DType.F32, dims);
            } catch (IllegalArgumentException e) {
                throw new FormatException(file + ": dataset '" + path + "' " + e.getMessage(), e);
            }
            boolean packed = !dataset.getFilters().isEmpty();
            require(
                    bytes <= (packed ? Integer.MAX_VALUE : Math.min(size, Integer.MAX_VALUE)),
                    "dataset '" + path + "' of shape " + Arrays.toString(dims) + " needs " + bytes
                            + " bytes, the file has " + size);
            charge("dataset '" + path + "'", READING * bytes);
            Object data = bytes == 0 ? new float[0] : dataset.getDataFlat();
            float[] values = data instanceof float[] many ? many : new float[] {((Number) data).floatValue()};
            require(values.length == bytes / DType.F32.bytes(), "dataset '" + path + "' is not whole");
            return new Array(values, dims);
        });
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw FormatException.of(file, problem);
        }
    }

    @Override
    public void close() {
        guarded(file, "cannot be closed", () -> {
            hdf.close();
            return true;
        });
    }
}
