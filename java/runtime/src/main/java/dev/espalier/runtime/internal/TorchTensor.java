package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Storage;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** A handle to one libtorch tensor, made inside a {@link TorchFrame} and living until it is closed. */
public final class TorchTensor {
    final Tensor t;

    /** Keeps {@code t} beyond the frame that is open. */
    TorchTensor(Tensor t) {
        t.retainReference();
        this.t = t;
    }

    /** Frees the handle. */
    public void close() {
        t.close();
    }

    /** The extents, in a new array. */
    public long[] shape() {
        long[] shape = new long[(int) t.dim()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = t.size(i);
        }
        return shape;
    }

    /** The value of {@code c10::ScalarType}. */
    public byte dtype() {
        return t.scalar_type().value;
    }

    /** The number of the CUDA device, or -1 for the CPU. */
    public int device() {
        if (!t.is_cuda()) {
            return -1;
        }
        try (Device device = t.device()) {
            return device.index();
        }
    }

    public boolean isContiguous() {
        return t.is_contiguous();
    }

    public boolean isChannelsLast() {
        return t.dim() == 4 && t.is_contiguous(MemoryFormat.ChannelsLast);
    }

    /** Where the memory begins that this tensor shares with its views. */
    public long storageAddress() {
        try (Storage storage = t.storage()) {
            Pointer data = storage.data();
            return data == null ? 0 : data.address();
        }
    }

    /** The size of that memory. */
    public long storageBytes() {
        try (Storage storage = t.storage()) {
            return storage.nbytes();
        }
    }

    /** The address of the first element, on the tensor's device; 0 if there is none. */
    public long address() {
        return t.numel() == 0 ? 0 : t.data_ptr().address();
    }
}
