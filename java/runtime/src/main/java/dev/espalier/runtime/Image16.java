package dev.espalier.runtime;

import dev.espalier.runtime.internal.Image16Calls;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Images [n, c, h, w] of F32 on the CPU in the layout that keeps the same pixel of 16 images in one cache line, with zeros
 * around every plane; the masked convolutions of batches compute in it.
 */
public final class Image16 implements TensorHolder {
    private final Tensor lines;
    private final Image16Calls.Images extents;

    Image16(Tensor lines, Image16Calls.Images extents) {
        this.lines = lines;
        this.extents = extents;
    }

    /** Memory for images, its content undefined: {@code reused} if it fits, or new, owned by the open scope. */
    static Image16 empty(KernelCall call, Image16Calls.Images extents, @Nullable Image16 reused) {
        if (reused != null && reused.extents.equals(extents)) {
            return reused;
        }
        long bytes = Image16Calls.bytes(extents);
        if (bytes < 0) {
            throw call.failure(KernelCall.lastMessage());
        }
        return new Image16(Tensor.empty(DType.U8, Device.CPU, Math.max(1, bytes)), extents);
    }

    /** The images' shape, [n, c, h, w]. */
    public Shape shape() {
        return Shape.of(extents.n(), extents.c(), extents.h(), extents.w());
    }

    Image16Calls.Images extents() {
        return extents;
    }

    long address() {
        return KernelCall.address(lines);
    }

    @Override
    public List<Tensor> tensors() {
        return List.of(lines);
    }

    @Override
    public String toString() {
        return "image16 " + shape();
    }
}
