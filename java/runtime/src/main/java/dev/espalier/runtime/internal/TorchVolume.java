package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** libtorch's convolutions and pools over three axes; pads that differ from side to side are laid around the volume first. */
public final class TorchVolume {
    private static final long[] NONE = {0, 0, 0};

    private TorchVolume() {}

    /** {@code pads}: all beginnings, then all ends. */
    public static TorchTensor conv3d(
            TorchTensor x,
            TorchTensor weight,
            @Nullable TorchTensor bias,
            long[] stride,
            long[] pads,
            long[] dilation,
            long groups) {
        Tensor input = symmetric(pads) ? x.t : padded(x.t, pads, 0);
        return new TorchTensor(
                torch.conv3d(input, weight.t, TorchConvolution.optional(bias), stride, both(pads), dilation, groups));
    }

    public static TorchTensor convTranspose3d(
            TorchTensor x,
            TorchTensor weight,
            @Nullable TorchTensor bias,
            long[] stride,
            long[] pads,
            long[] outputPadding,
            long[] dilation,
            long groups) {
        Tensor full = torch.conv_transpose3d(
                x.t, weight.t, TorchConvolution.optional(bias), stride, both(pads), outputPadding, groups, dilation);
        if (!symmetric(pads)) {
            for (int axis = 0; axis < 3; axis++) {
                full = full.narrow(2 + axis, pads[axis], full.size(2 + axis) - pads[axis] - pads[3 + axis]);
            }
        }
        return new TorchTensor(full);
    }

    public static TorchTensor maxPool3d(TorchTensor x, long[] kernel, long[] stride, long[] pads, long[] dilation) {
        Tensor input = padded(x.t, pads, Double.NEGATIVE_INFINITY);
        return new TorchTensor(torch.max_pool3d(input, kernel, stride, NONE, dilation, false));
    }

    public static TorchTensor averagePool3d(
            TorchTensor x, long[] kernel, long[] stride, long[] pads, boolean countPad) {
        Tensor sums = average(padded(x.t, pads, 0), kernel, stride);
        if (!countPad) {
            Tensor ones = torch.ones(
                    new long[] {1, 1, x.t.size(2), x.t.size(3), x.t.size(4)},
                    TorchFactory.options(x.t.scalar_type(), x.device()));
            sums = sums.div(average(padded(ones, pads, 0), kernel, stride));
        }
        return new TorchTensor(sums);
    }

    private static Tensor average(Tensor padded, long[] kernel, long[] stride) {
        return torch.avg_pool3d(padded, kernel, stride, NONE, false, true, new LongOptional());
    }

    private static boolean symmetric(long[] pads) {
        return pads[0] == pads[3] && pads[1] == pads[4] && pads[2] == pads[5];
    }

    private static long[] both(long[] pads) {
        return symmetric(pads) ? new long[] {pads[0], pads[1], pads[2]} : NONE;
    }

    private static Tensor padded(Tensor x, long[] pads, double value) {
        return torch.constant_pad_nd(
                x, new long[] {pads[2], pads[5], pads[1], pads[4], pads[0], pads[3]}, new Scalar(value));
    }
}
