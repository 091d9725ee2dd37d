package dev.espalier.runtime.internal;

import java.util.Arrays;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** libtorch's convolutions, extended to pads that differ from side to side. */
public final class TorchConvolution {
    private static final long[] NO_PADS = {0, 0};
    private static final long[] UNIT = {1, 1};
    private static final int AVX512_LANES = 16;

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
        return new TorchTensor(convolved(x, weight, bias, stride, pads, dilation, groups));
    }

    private static Tensor convolved(
            TorchTensor x,
            TorchTensor weight,
            @Nullable TorchTensor bias,
            long[] stride,
            long[] pads,
            long[] dilation,
            long groups) {
        if (overflows(x.t, weight.t, stride)) {
            return pointwise(x, weight, bias, stride, pads, groups);
        }
        return torch.conv2d(input(x, pads), weight.t, optional(bias), stride, both(pads), dilation, groups);
    }

    /** max(0, conv2d + residual), no gradients: in one pass of cuDNN where the image is on CUDA. */
    public static TorchTensor conv2dRelu(
            TorchTensor x,
            TorchTensor weight,
            @Nullable TorchTensor bias,
            @Nullable TorchTensor residual,
            long[] stride,
            long[] pads,
            long[] dilation,
            long groups) {
        if (!x.t.is_cuda()) {
            Tensor sum = convolved(x, weight, bias, stride, pads, dilation, groups);
            return new TorchTensor((residual == null ? sum : sum.add_(residual.t)).relu_());
        }
        Tensor in = input(x, pads);
        long[] both = both(pads);
        return new TorchTensor(
                residual == null
                        ? torch.cudnn_convolution_relu(in, weight.t, optional(bias), stride, both, dilation, groups)
                        : torch.cudnn_convolution_add_relu(
                                in,
                                weight.t,
                                residual.t,
                                new ScalarOptional(),
                                optional(bias),
                                stride,
                                both,
                                dilation,
                                groups));
    }

    private static boolean symmetric(long[] pads) {
        return pads[0] == pads[2] && pads[1] == pads[3];
    }

    /** The image, padded already if libtorch cannot do it. */
    private static Tensor input(TorchTensor x, long[] pads) {
        return symmetric(pads) ? x.t : padded(x.t, pads, 0);
    }

    /** The pads that are left to libtorch, for both sides. */
    private static long[] both(long[] pads) {
        return symmetric(pads) ? new long[] {pads[0], pads[1]} : NO_PADS;
    }

    /**
     * True for convolutions whose weight gradient oneDNN computes in a workspace that is too small, writing beyond it: 1x1, strided,
     * fewer channels than an AVX-512 vector has lanes (github.com/uxlfoundation/oneDNN/issues/6035; docs/decisions/0006).
     */
    private static boolean overflows(Tensor x, Tensor weight, long[] stride) {
        return x.is_cpu()
                && x.dim() == 4
                && weight.dim() == 4
                && weight.size(2) * weight.size(3) == 1
                && stride[0] * stride[1] > 1
                && x.size(1) < AVX512_LANES;
    }

    /** A strided 1x1 convolution: first the pixels that it reads, then one without stride. */
    private static Tensor pointwise(
            TorchTensor x, TorchTensor weight, @Nullable TorchTensor bias, long[] stride, long[] pads, long groups) {
        Tensor input = Arrays.equals(pads, new long[pads.length]) ? x.t : padded(x.t, pads, 0);
        for (int axis = 0; axis < stride.length; axis++) {
            input = input.slice(2 + axis, new LongOptional(), new LongOptional(), stride[axis]);
        }
        return torch.conv2d(input, weight.t, optional(bias), UNIT, NO_PADS, UNIT, groups);
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
        Tensor full = torch.conv_transpose2d(
                x.t, weight.t, optional(bias), stride, both(pads), outputPadding, groups, dilation);
        if (!symmetric(pads)) {
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
