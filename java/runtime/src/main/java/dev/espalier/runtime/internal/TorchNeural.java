package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** libtorch's operators of neural networks, without convolution and pooling. */
public final class TorchNeural {
    private static final int EACH = 0;
    private static final int MEAN = 1;
    private static final int IGNORE_NOTHING = -100;
    private static final int BILINEAR = 0;
    private static final int ZEROS = 0;
    private static final int BORDER = 1;

    private TorchNeural() {}

    public static TorchTensor linear(TorchTensor x, TorchTensor weight, @Nullable TorchTensor bias) {
        return new TorchTensor(torch.linear(x.t, weight.t, TorchConvolution.optional(bias)));
    }

    public static TorchTensor batchNorm(
            TorchTensor x,
            TorchTensor scale,
            TorchTensor bias,
            TorchTensor runningMean,
            TorchTensor runningVar,
            boolean training,
            double momentum,
            double eps) {
        return new TorchTensor(torch.batch_norm(
                x.t,
                new TensorOptional(scale.t),
                new TensorOptional(bias.t),
                new TensorOptional(runningMean.t),
                new TensorOptional(runningVar.t),
                training,
                momentum,
                eps,
                true));
    }

    public static TorchTensor layerNorm(TorchTensor x, long[] shape, TorchTensor scale, TorchTensor bias, double eps) {
        return new TorchTensor(
                torch.layer_norm(x.t, shape, new TensorOptional(scale.t), new TensorOptional(bias.t), eps, true));
    }

    public static TorchTensor relu(TorchTensor x) {
        return new TorchTensor(torch.relu(x.t));
    }

    public static TorchTensor leakyRelu(TorchTensor x, double slope) {
        return new TorchTensor(torch.leaky_relu(x.t, new Scalar(slope)));
    }

    public static TorchTensor sigmoid(TorchTensor x) {
        return new TorchTensor(torch.sigmoid(x.t));
    }

    public static TorchTensor tanh(TorchTensor x) {
        return new TorchTensor(torch.tanh(x.t));
    }

    public static TorchTensor gelu(TorchTensor x) {
        return new TorchTensor(torch.gelu(x.t));
    }

    public static TorchTensor silu(TorchTensor x) {
        return new TorchTensor(torch.silu(x.t));
    }

    public static TorchTensor hardSwish(TorchTensor x) {
        return new TorchTensor(torch.hardswish(x.t));
    }

    public static TorchTensor elu(TorchTensor x, double alpha) {
        return new TorchTensor(torch.elu(x.t, new Scalar(alpha), new Scalar(1.0), new Scalar(1.0)));
    }

    public static TorchTensor dropout(TorchTensor x, double p, boolean training) {
        return new TorchTensor(torch.dropout(x.t, p, training));
    }

    /** {@code pads}: all begins, then all ends; libtorch wants (begin, end) pairs from the last axis on. */
    public static TorchTensor pad(TorchTensor x, long[] pads, double value) {
        int rank = pads.length / 2;
        long[] pairs = new long[pads.length];
        for (int axis = 0; axis < rank; axis++) {
            pairs[2 * (rank - 1 - axis)] = pads[axis];
            pairs[2 * (rank - 1 - axis) + 1] = pads[rank + axis];
        }
        return new TorchTensor(torch.constant_pad_nd(x.t, pairs, new Scalar(value)));
    }

    public static TorchTensor crossEntropy(TorchTensor logits, TorchTensor labels, double smoothing) {
        return new TorchTensor(
                torch.cross_entropy_loss(logits.t, labels.t, new TensorOptional(), MEAN, IGNORE_NOTHING, smoothing));
    }

    public static TorchTensor crossEntropies(TorchTensor logits, TorchTensor labels, double smoothing) {
        return new TorchTensor(
                torch.cross_entropy_loss(logits.t, labels.t, new TensorOptional(), EACH, IGNORE_NOTHING, smoothing));
    }

    public static TorchTensor binaryCrossEntropies(TorchTensor logits, TorchTensor targets) {
        return new TorchTensor(torch.binary_cross_entropy_with_logits(
                logits.t, targets.t, new TensorOptional(), new TensorOptional(), EACH));
    }

    public static TorchTensor affineGrid(TorchTensor theta, long[] size) {
        return new TorchTensor(torch.affine_grid_generator(theta.t, size, false));
    }

    public static TorchTensor gridSample(TorchTensor x, TorchTensor grid, boolean zeros) {
        return new TorchTensor(torch.grid_sampler(x.t, grid.t, BILINEAR, zeros ? ZEROS : BORDER, false));
    }

    /** Sums of products over lettered axes. */
    public static TorchTensor einsum(String equation, TorchTensor[] operands) {
        return new TorchTensor(torch.einsum(equation, TorchFactory.vector(operands)));
    }
}
