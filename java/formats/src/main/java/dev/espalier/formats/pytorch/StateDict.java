package dev.espalier.formats.pytorch;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.formats.ZipArchive;
import dev.espalier.formats.pytorch.Pickle.TensorView;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the tensors that {@code torch.save} wrote: a state_dict, or a checkpoint that holds one under {@code state_dict},
 * {@code model_state_dict} or {@code model}.
 *
 * <p>No code of the file runs: its pickle is read as data, and any name but those that tensors need is refused.
 */
public final class StateDict {
    private static final List<String> NESTED = List.of("state_dict", "model_state_dict", "model");
    private static final Map<String, DType> TYPES = Map.of(
            "torch.FloatStorage", DType.F32,
            "torch.DoubleStorage", DType.F64,
            "torch.HalfStorage", DType.F16,
            "torch.BFloat16Storage", DType.BF16,
            "torch.LongStorage", DType.I64,
            "torch.IntStorage", DType.I32,
            "torch.ByteStorage", DType.U8,
            "torch.BoolStorage", DType.BOOL);

    /** How far tensors that share storages may exceed the file. */
    private static final int MOST_SHARING = 16;

    /** Bytes that a size and a stride of a tensor count for, since tensors without elements cost memory too. */
    private static final int DIMENSION = 16;

    /**
     * How far the pickle may unpack beyond the file's bytes, and how many bytes more, as each of its own can stand for an object of some
     * eighty; torch.save compresses nothing.
     */
    private static final int MOST_COMPRESSION = 4;

    private static final int SLACK = 1 << 18;

    private final Path file;
    private final ZipArchive zip;
    private final String root;
    private final Map<String, byte[]> storages = new HashMap<>();
    private long left;

    private StateDict(Path file, ZipArchive zip, String root, long allowed) {
        this.file = file;
        this.zip = zip;
        this.root = root;
        this.left = allowed;
    }

    /** The tensors of {@code file} by name, on the CPU, owned by the open scope. */
    public static Map<String, Tensor> read(Path file) {
        try (ZipArchive zip = ZipArchive.open(file, "a file that torch.save writes since PyTorch 1.6")) {
            String pickle = zip.names().stream()
                    .filter(name -> name.endsWith("/data.pkl"))
                    .findFirst()
                    .orElseThrow(() -> FormatException.of(file, "not a file of torch.save: it has no data.pkl"));
            String root = pickle.substring(0, pickle.length() - "data.pkl".length());
            if (zip.names().contains(root + "constants.pkl")) {
                throw FormatException.of(
                        file,
                        "is a TorchScript program, expected a state_dict: save model.state_dict() with torch.save");
            }
            long size = size(file);
            return new StateDict(file, zip, root, MOST_SHARING * size)
                    .tensors(zip.read(pickle, MOST_COMPRESSION * size + SLACK));
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    private Map<String, Tensor> tensors(byte[] pickle) {
        String order = root + "byteorder";
        if (zip.names().contains(order)
                && !new String(zip.read(order), StandardCharsets.US_ASCII)
                        .strip()
                        .equals("little")) {
            throw FormatException.of(file, "was written on a big-endian machine, which is not supported");
        }
        Object value;
        try {
            value = Pickle.read(pickle);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw FormatException.of(file, "expected a dictionary of tensors; save model.state_dict()");
        }
        for (String key : NESTED) {
            if (map.get(key) instanceof Map<?, ?> inner) {
                return load(inner);
            }
        }
        return load(map);
    }

    private Map<String, Tensor> load(Map<?, ?> views) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        views.forEach((key, value) -> {
            if (!(value instanceof TensorView view)) {
                throw FormatException.of(
                        file,
                        "entry '" + key
                                + "' is no tensor; expected a state_dict, or a checkpoint with one under one of "
                                + NESTED);
            }
            tensors.put(String.valueOf(key), tensor(String.valueOf(key), view));
        });
        return tensors;
    }

    private Tensor tensor(String name, TensorView view) {
        DType dtype = TYPES.get(view.storage().type());
        if (dtype == null) {
            throw refuse(name, "has the storage type " + view.storage().type() + ", which is not supported");
        }
        long[] size = view.size().stream().mapToLong(Long::longValue).toArray();
        long[] stride = view.stride().stream().mapToLong(Long::longValue).toArray();
        long bytes;
        try {
            bytes = TensorBytes.declared(dtype, size);
        } catch (IllegalArgumentException e) {
            throw new FormatException(file + ": tensor '" + name + "' " + e.getMessage(), e);
        }
        byte[] storage = storages.computeIfAbsent(view.storage().key(), key -> zip.read(root + "data/" + key));
        left -= bytes + (long) DIMENSION * size.length;
        if (bytes > storage.length || left < 0 || size.length != stride.length) {
            throw refuse(
                    name,
                    "of " + dtype + " " + view.size() + " needs " + bytes + " bytes, its storage has "
                            + storage.length);
        }
        Tensor tensor = Tensor.empty(dtype, Device.CPU, size);
        if (bytes > 0) {
            requireInside(name, view, storage, size, stride, dtype.bytes());
            copy(storage, view.offset(), size, stride, dtype.bytes(), tensor.byteBuffer());
        }
        return tensor;
    }

    private void requireInside(String name, TensorView view, byte[] storage, long[] size, long[] stride, int width) {
        long elements = storage.length / width;
        long last = view.offset();
        boolean inside = last >= 0 && last < elements;
        for (int i = 0; i < size.length && inside; i++) {
            inside = stride[i] >= 0 && stride[i] <= elements && (size[i] - 1) * stride[i] < elements - last;
            last += inside ? (size[i] - 1) * stride[i] : 0;
        }
        if (!inside) {
            throw refuse(
                    name,
                    "reaches outside its storage of " + elements + " elements: offset " + view.offset() + ", sizes "
                            + view.size() + ", strides " + view.stride());
        }
    }

    /** Gathers the elements of a strided view in row-major order. */
    private static void copy(byte[] from, long offset, long[] size, long[] stride, int width, ByteBuffer to) {
        if (isRowMajor(size, stride)) {
            to.put(from, Math.toIntExact(offset * width), to.remaining());
            return;
        }
        long[] index = new long[size.length];
        long at = offset;
        while (to.hasRemaining()) {
            to.put(from, Math.toIntExact(at * width), width);
            for (int axis = size.length - 1; axis >= 0; axis--) {
                at += stride[axis];
                if (++index[axis] < size[axis]) {
                    break;
                }
                at -= stride[axis] * size[axis];
                index[axis] = 0;
            }
        }
    }

    private static boolean isRowMajor(long[] size, long[] stride) {
        long expected = 1;
        for (int axis = size.length - 1; axis >= 0; axis--) {
            if (size[axis] != 1 && stride[axis] != expected) {
                return false;
            }
            expected *= size[axis];
        }
        return true;
    }

    private FormatException refuse(String name, String problem) {
        return FormatException.of(file, "tensor '" + name + "' " + problem);
    }
}
