package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** libtorch's convolutions, extended to pads that differ from side to side. */
public final class TorchConvolution {
    private static final long[] NO_PADS = {0, 0};

    private TorchConvolution() {}

    /** {@code pads} in the order top, left, bottom, right. */
    public static TorchTensor conv2d(
            TorchTensor x,
            TorchTensor weight,
            @Nullable TorchTensor bias,
            long[] stride,
            long[] pads,
            long[] dilation,
            long groups) {
        boolean symmetric = pads[0] == pads[2] && pads[1] == pads[3];
        Tensor input = symmetric ? x.t : padded(x.t, pads, 0);
        long[] both = symmetric ? new long[] {pads[0], pads[1]} : NO_PADS;
        return new TorchTensor(torch.conv2d(input, weight.t, optional(bias), stride, both, dilation, groups));
    }

    /** The pads are cut off the full result if they differ from side to side. */
    public static TorchTensor convTranspose2d(
            TorchTensor x,
            TorchTensor weight,
            @Nullable TorchTensor bias,
            long[] stride,
            long[] pads,
            long[] outputPadding,
            long[] dilation,
            long groups) {
        boolean symmetric = pads[0] == pads[2] && pads[1] == pads[3];
        long[] both = symmetric ? new long[] {pads[0], pads[1]} : NO_PADS;
        Tensor full =
                torch.conv_transpose2d(x.t, weight.t, optional(bias), stride, both, outputPadding, groups, dilation);
        if (!symmetric) {
            full = full.narrow(2, pads[0], full.size(2) - pads[0] - pads[2])
                    .narrow(3, pads[1], full.size(3) - pads[1] - pads[3])
                    .contiguous();
        }
        return new TorchTensor(full);
    }

    /** The image with {@code value} around it. */
    static Tensor padded(Tensor x, long[] pads, double value) {
        return torch.constant_pad_nd(x, new long[] {pads[1], pads[3], pads[0], pads[2]}, new Scalar(value));
    }

    static TensorOptional optional(@Nullable TorchTensor tensor) {
        return tensor == null ? new TensorOptional() : new TensorOptional(tensor.t);
    }
}
