package dev.espalier.runtime;

import dev.espalier.runtime.internal.Image16Calls;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Images [n, c, h, w] of F32 on the CPU in the layout that keeps the same pixel of 16 images in one cache line, with zeros, the
 * halo, around every plane; the masked convolutions of batches compute in it.
 */
public final class Image16 implements TensorHolder {
    private static final int LINE = 16;

    private final Tensor lines;
    private final Image16Calls.Images extents;

    private Image16(Tensor lines, Image16Calls.Images extents) {
        this.lines = lines;
        this.extents = extents;
    }

    /** Memory for images, its content undefined: {@code reused} if it fits, or new, owned by the open scope. */
    static Image16 empty(KernelCall call, Image16Calls.Images extents, @Nullable Image16 reused) {
        if (reused != null && reused.extents.equals(extents)) {
            return reused;
        }
        if (Image16Calls.bytes(extents) < 0) {
            throw call.failure(KernelCall.lastMessage());
        }
        return new Image16(Tensor.empty(DType.F32, Device.CPU, lines(extents).toArray()), extents);
    }

    /** [blocks, c, lines of a plane, 16]. */
    private static Shape lines(Image16Calls.Images extents) {
        long blocks = (extents.n() + LINE - 1) / LINE;
        long floats = Image16Calls.bytes(extents) / Float.BYTES;
        long planes = Math.max(1, blocks * extents.c());
        return Shape.of(blocks, extents.c(), floats / planes / LINE, LINE);
    }

    /**
     * Images whose lines have been computed elsewhere, element by element, from lines of the same layout.
     *
     * @param lines F32 as {@link #lines}; all 16 images of every block count
     * @param image their shape, [c, h, w]
     * @param halo rows and columns of zeros, (h, w); they must still be zero
     */
    public static Image16 of(Tensor lines, Shape image, long[] halo) {
        long n = lines.rank() == 4 ? LINE * lines.size(0) : 0;
        Image16Calls.Images extents = new Image16Calls.Images(
                n, image.dim(0), image.dim(1), image.dim(2), new Image16Calls.Halo(halo[0], halo[1]));
        Shape wanted = lines(extents);
        if (!lines.shape().equals(wanted) || lines.dtype() != DType.F32 || !lines.isContiguous()) {
            throw new ShapeException(
                    "image16 of " + image + ": expected contiguous F32 lines " + wanted + ", got " + lines.describe());
        }
        return new Image16(lines, extents);
    }

    /** The images' shape, [n, c, h, w]. */
    public Shape shape() {
        return Shape.of(extents.n(), extents.c(), extents.h(), extents.w());
    }

    /** The memory itself, shared: F32 [ceil(n / 16), c, lines of a plane, 16]. */
    public Tensor lines() {
        return lines;
    }

    /** The images as a tensor [n, c, h, w], in row-major order or with channels last. */
    public Tensor images(boolean channelsLast) {
        return images(Backend.AUTO, channelsLast);
    }

    Tensor images(Backend backend, boolean channelsLast) {
        Scope.current();
        KernelCall call = new KernelCall("images of " + this, backend, tensors());
        Image16Calls.Images e = extents;
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Tensor memory = channelsLast
                    ? Tensor.empty(DType.F32, Device.CPU, e.n(), e.h(), e.w(), e.c())
                    : Tensor.empty(DType.F32, Device.CPU, e.n(), e.c(), e.h(), e.w());
            call.check(Image16Calls.toImages(call.target(), e, channelsLast, address(), KernelCall.address(memory)));
            return scope.keep(channelsLast ? memory.permute(0, 3, 1, 2) : memory);
        }
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
