package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Whether oneDNN, which libtorch asks for convolutions on the CPU, computes them rightly on this machine.
 *
 * <p>On some virtual machines the code that oneDNN 3.7.1 generates for reordering tensors of 18 channels into blocks of 16 leaves
 * arbitrary numbers in the last block (docs/decisions/0008). One small convolution, computed in F32 by oneDNN and in F64 without
 * it, tells.
 */
final class OneDnn {
    private static final long[] IMAGES = {4, 18, 15, 15};
    private static final long[] WEIGHT = {10, 18, 3, 3};

    private OneDnn() {}

    /**
     * Difference of one convolution to what it must be, in relation to its largest output: about 1e-6 where oneDNN is sound, about
     * 1e-1 or no number where it is not.
     */
    static double error() {
        try (PointerScope temporaries = new PointerScope()) {
            Tensor x = waves(IMAGES);
            Tensor weight = waves(WEIGHT);
            Tensor wanted = convolution(x.to(torch.ScalarType.Double), weight.to(torch.ScalarType.Double));
            Tensor got = convolution(x, weight).to(torch.ScalarType.Double);
            return got.sub(wanted).abs().max().div(wanted.abs().max()).item_double();
        }
    }

    /** Numbers between -1 and 1 without a pattern that meets the channels. */
    private static Tensor waves(long[] shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return torch.arange(new Scalar(count))
                .to(torch.ScalarType.Float)
                .mul(new Scalar(0.7))
                .sin()
                .reshape(shape);
    }

    private static Tensor convolution(Tensor x, Tensor weight) {
        return torch.conv2d(
                x, weight, new TensorOptional(), new long[] {1, 1}, new long[] {1, 1}, new long[] {1, 1}, 1);
    }

    /** Lets libtorch convolve by OpenBLAS from now on. */
    static void avoid() {
        torch.globalContext().setUserEnabledMkldnn(false);
    }
}
