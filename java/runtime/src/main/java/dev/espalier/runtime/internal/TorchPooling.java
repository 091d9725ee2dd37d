package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * libtorch's pooling, extended to pads that differ from side to side or exceed half the window.
 *
 * <p>Such pads are laid around the image first. Windows that start in the padding at the bottom or the right are then
 * dropped, as libtorch does with its own.
 */
public final class TorchPooling {
    private static final long[] NONE = {0, 0};

    private TorchPooling() {}

    public static TorchTensor max(
            TorchTensor x, long[] kernel, long[] stride, long[] pads, long[] dilation, boolean ceil) {
        if (direct(kernel, pads)) {
            return new TorchTensor(
                    torch.max_pool2d(x.t, kernel, stride, new long[] {pads[0], pads[1]}, dilation, ceil));
        }
        Tensor padded = TorchConvolution.padded(x.t, pads, Double.NEGATIVE_INFINITY);
        return new TorchTensor(
                inside(torch.max_pool2d(padded, kernel, stride, NONE, dilation, ceil), x.t, stride, pads));
    }

    public static TorchTensor average(
            TorchTensor x, long[] kernel, long[] stride, long[] pads, boolean ceil, boolean countPad) {
        if (direct(kernel, pads)) {
            return new TorchTensor(torch.avg_pool2d(
                    x.t, kernel, stride, new long[] {pads[0], pads[1]}, ceil, countPad, new LongOptional()));
        }
        Tensor sums = pool(TorchConvolution.padded(x.t, pads, 0), kernel, stride, ceil);
        if (!countPad) {
            Tensor ones = torch.ones(
                    new long[] {1, 1, x.t.size(2), x.t.size(3)}, TorchFactory.options(x.t.scalar_type(), x.device()));
            sums = sums.div(pool(TorchConvolution.padded(ones, pads, 0), kernel, stride, ceil));
        }
        return new TorchTensor(inside(sums, x.t, stride, pads));
    }

    public static TorchTensor global(TorchTensor x) {
        long[] dims = new long[(int) Math.max(0, x.t.dim() - 2)];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = i + 2L;
        }
        return new TorchTensor(dims.length == 0 ? x.t.clone() : x.t.mean(dims, true, new ScalarTypeOptional()));
    }

    private static boolean direct(long[] kernel, long[] pads) {
        return pads[0] == pads[2] && pads[1] == pads[3] && 2 * pads[0] <= kernel[0] && 2 * pads[1] <= kernel[1];
    }

    private static Tensor pool(Tensor padded, long[] kernel, long[] stride, boolean ceil) {
        return torch.avg_pool2d(padded, kernel, stride, NONE, ceil, true, new LongOptional());
    }

    /** Drops windows that start behind the image. */
    private static Tensor inside(Tensor pooled, Tensor image, long[] stride, long[] pads) {
        Tensor result = pooled;
        for (int axis = 0; axis < 2; axis++) {
            long last = (image.size(axis + 2) + pads[axis] - 1) / stride[axis];
            if (result.size(axis + 2) > last + 1) {
                result = result.narrow(axis + 2, 0, last + 1).contiguous();
            }
        }
        return result;
    }
}
