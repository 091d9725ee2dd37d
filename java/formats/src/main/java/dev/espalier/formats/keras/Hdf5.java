package dev.espalier.formats.keras;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.runtime.DType;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** One HDF5 file in memory: texts of attributes and arrays of real numbers, each checked against the bytes that exist. */
final class Hdf5 implements AutoCloseable {
    /** Deflate cannot shrink its input further than this. */
    private static final int MOST_COMPRESSION = 1032;

    private final Path file;
    private final HdfFile hdf;
    private final long size;

    private Hdf5(Path file, HdfFile hdf, long size) {
        this.file = file;
        this.hdf = hdf;
        this.size = size;
    }

    /** Opens the HDF5 content {@code bytes} of {@code file}. */
    static Hdf5 open(Path file, byte[] bytes) {
        return guarded(file, "not a whole HDF5 file", () -> new Hdf5(file, HdfFile.fromBytes(bytes), bytes.length));
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
            long most = dataset.getFilters().isEmpty() ? size : MOST_COMPRESSION * size;
            require(
                    bytes <= Math.min(most, Integer.MAX_VALUE),
                    "dataset '" + path + "' of shape " + Arrays.toString(dims) + " needs " + bytes
                            + " bytes, the file has " + size);
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
