package dev.espalier.runtime.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Moves elements between libtorch tensors and Java memory. */
public final class TorchStorage {
    private TorchStorage() {}

    public static float[] toFloats(TorchTensor x) {
        Tensor t = rowMajor(x.t, ScalarType.Float);
        float[] values = new float[length(t)];
        if (values.length > 0) {
            new FloatPointer(t.data_ptr()).get(values, 0, values.length);
        }
        return values;
    }

    public static long[] toLongs(TorchTensor x) {
        Tensor t = rowMajor(x.t, ScalarType.Long);
        long[] values = new long[length(t)];
        if (values.length > 0) {
            new LongPointer(t.data_ptr()).get(values, 0, values.length);
        }
        return values;
    }

    public static byte[] toBytes(TorchTensor x) {
        Tensor t = rowMajor(x.t, x.t.scalar_type());
        byte[] values = new byte[Math.toIntExact(t.numel() * t.element_size())];
        if (values.length > 0) {
            new BytePointer(t.data_ptr()).get(values, 0, values.length);
        }
        return values;
    }

    public static double item(TorchTensor x) {
        return x.t.item_double();
    }

    /** {@code bytes} holds exactly the tensor's elements. */
    public static void setBytes(TorchTensor x, byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        if (!x.t.is_cuda() && x.t.is_contiguous()) {
            new BytePointer(x.t.data_ptr()).put(bytes, 0, bytes.length);
            return;
        }
        Tensor staged = torch.empty(x.shape(), TorchFactory.options(x.t.scalar_type(), -1), null);
        new BytePointer(staged.data_ptr()).put(bytes, 0, bytes.length);
        try (AutoGradMode off = new AutoGradMode(false)) {
            x.t.copy_(staged);
        }
    }

    /** The memory of a contiguous CPU tensor. */
    public static ByteBuffer buffer(TorchTensor x, long bytes) {
        if (bytes == 0) {
            return ByteBuffer.allocateDirect(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        return new BytePointer(x.t.data_ptr()).capacity(bytes).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A tensor over a direct buffer, which stays reachable until libtorch gives the memory back. */
    public static TorchTensor wrap(ByteBuffer buffer, byte dtype, long[] shape) {
        Pointer memory = new Pointer(buffer.slice());
        WrappedBuffers.INSTANCE.hold(memory.address(), buffer);
        return new TorchTensor(torch.from_blob(
                memory, shape, WrappedBuffers.INSTANCE, TorchFactory.options(TorchFactory.type(dtype), -1)));
    }

    private static Tensor rowMajor(Tensor t, ScalarType type) {
        return t.detach().to(TorchFactory.device(-1), type).contiguous();
    }

    private static int length(Tensor t) {
        return Math.toIntExact(t.numel());
    }
}
