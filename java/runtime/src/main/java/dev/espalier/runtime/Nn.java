package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchConvolution;
import dev.espalier.runtime.internal.TorchNeural;
import dev.espalier.runtime.internal.TorchPooling;
import dev.espalier.runtime.internal.TorchTensor;
import dev.espalier.runtime.internal.TorchVolume;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The operators of neural networks.
 *
 * <p>Images are [n, c, h, w]. Arrays about the image plane are in the order (h, w); pads are (top, left, bottom, right) and
 * may differ from side to side.
 */
public final class Nn {
    private Nn() {}

    // ---- linear maps

    /**
     * Cross-correlation, as ONNX Conv.
     *
     * @param input [n, c, h, w]
     * @param weight [k, c / groups, r, s]
     * @param bias [k], or null
     * @return [n, k, oh, ow], oh = (h + top + bottom - dilation_h * (r - 1) - 1) / stride_h + 1, ow alike
     */
    public static Tensor conv2d(Tensor input, Tensor weight, @Nullable Tensor bias, ConvolutionWindow window) {
        return Operator.apply(
                "conv2d(input, weight, bias)",
                () -> TorchConvolution.conv2d(
                        input.handle(),
                        weight.handle(),
                        handle(bias),
                        window.stride(),
                        window.pads(),
                        window.dilation(),
                        window.groups()),
                present(input, weight, bias));
    }

    /**
     * max(0, convolution + residual), without gradients; on CUDA in one pass of cuDNN, whose result may differ from run to run.
     *
     * @param input [n, c, h, w]
     * @param weight [k, c / groups, r, s]
     * @param bias [k], or null
     * @param residual of the result's shape, or null
     */
    public static Tensor conv2dRelu(
            Tensor input, Tensor weight, @Nullable Tensor bias, @Nullable Tensor residual, ConvolutionWindow window) {
        if (residual != null) {
            Shape wanted = window.output(input.shape(), weight.shape());
            if (!residual.shape().equals(wanted)) {
                throw new ShapeException(
                        "conv2dRelu: expected a residual of shape " + wanted + ", got " + residual.shape());
            }
        }
        Tensor[] given = Stream.of(input, weight, residual, bias)
                .filter(Objects::nonNull)
                .toArray(Tensor[]::new);
        return Operator.apply(
                residual == null ? "conv2dRelu(input, weight, bias)" : "conv2dRelu(input, weight, residual, bias)",
                () -> TorchConvolution.conv2dRelu(
                        input.handle(),
                        weight.handle(),
                        handle(bias),
                        handle(residual),
                        window.stride(),
                        window.pads(),
                        window.dilation(),
                        window.groups()),
                given);
    }

    /**
     * Transposed convolution, as ONNX ConvTranspose.
     *
     * @param input [n, c, h, w]
     * @param weight [c, k / groups, r, s]
     * @param bias [k], or null
     * @param outputPadding extra rows and columns at the bottom and the right, each less than the stride or the dilation
     * @return [n, k, oh, ow], oh = stride_h * (h - 1) + outputPadding_h + dilation_h * (r - 1) + 1 - top - bottom, ow alike
     */
    public static Tensor convTranspose2d(
            Tensor input,
            Tensor weight,
            @Nullable Tensor bias,
            long[] stride,
            long[] pads,
            long[] outputPadding,
            long[] dilation,
            long groups) {
        require("convTranspose2d: stride", stride, 2);
        require("convTranspose2d: pads", pads, 4);
        require("convTranspose2d: outputPadding", outputPadding, 2);
        require("convTranspose2d: dilation", dilation, 2);
        return Operator.apply(
                "convTranspose2d(input, weight, bias)",
                () -> TorchConvolution.convTranspose2d(
                        input.handle(), weight.handle(), handle(bias), stride, pads, outputPadding, dilation, groups),
                present(input, weight, bias));
    }

    /**
     * input * transpose(weight) + bias.
     *
     * @param input [..., in]
     * @param weight [out, in]
     * @param bias [out], or null
     * @return [..., out]
     */
    public static Tensor linear(Tensor input, Tensor weight, @Nullable Tensor bias) {
        return Operator.apply(
                "linear(input, weight, bias)",
                () -> TorchNeural.linear(input.handle(), weight.handle(), handle(bias)),
                present(input, weight, bias));
    }

    /** Sums of products over lettered axes, such as {@code "ij,jk->ik"}. */
    public static Tensor einsum(String equation, List<Tensor> operands) {
        Tensor[] inputs = operands.toArray(Tensor[]::new);
        return Operator.apply("einsum", () -> TorchNeural.einsum(equation, Tensor.handles(inputs)), inputs);
    }

    // ---- normalisation

    /**
     * Scales every channel (axis 1) to mean {@code bias} and deviation {@code scale}.
     *
     * @param training true: by the batch's statistics, and the running ones are moved in place; false: by the running ones
     * @param momentum the share of the new batch in the running statistics
     * @param eps added to the variance
     */
    public static Tensor batchNorm(
            Tensor input,
            Tensor scale,
            Tensor bias,
            Tensor runningMean,
            Tensor runningVar,
            boolean training,
            double momentum,
            double eps) {
        return Operator.apply(
                "batchNorm(input, scale, bias, runningMean, runningVar)",
                () -> TorchNeural.batchNorm(
                        input.handle(),
                        scale.handle(),
                        bias.handle(),
                        runningMean.handle(),
                        runningVar.handle(),
                        training,
                        momentum,
                        eps),
                input,
                scale,
                bias,
                runningMean,
                runningVar);
    }

    /** Scales the last axes, of extents {@code normalizedShape}, to mean {@code bias} and deviation {@code scale}. */
    public static Tensor layerNorm(Tensor input, long[] normalizedShape, Tensor scale, Tensor bias, double eps) {
        return Operator.apply(
                "layerNorm(input, scale, bias)",
                () -> TorchNeural.layerNorm(input.handle(), normalizedShape, scale.handle(), bias.handle(), eps),
                input,
                scale,
                bias);
    }

    // ---- pooling

    /**
     * The greatest element of each window; padding never wins.
     *
     * @param ceil true: count windows that stick out at the bottom and the right, if they start inside
     */
    public static Tensor maxPool2d(
            Tensor input, long[] kernel, long[] stride, long[] pads, long[] dilation, boolean ceil) {
        require("maxPool2d: kernel", kernel, 2);
        require("maxPool2d: stride", stride, 2);
        require("maxPool2d: pads", pads, 4);
        require("maxPool2d: dilation", dilation, 2);
        return Operator.unary(
                "maxPool2d(input)", input, x -> TorchPooling.max(x, kernel, stride, pads, dilation, ceil));
    }

    /**
     * The mean of each window.
     *
     * @param ceil as in {@link #maxPool2d}
     * @param countPad true: padding counts as zeros; false: it does not take part
     */
    public static Tensor avgPool2d(
            Tensor input, long[] kernel, long[] stride, long[] pads, boolean ceil, boolean countPad) {
        require("avgPool2d: kernel", kernel, 2);
        require("avgPool2d: stride", stride, 2);
        require("avgPool2d: pads", pads, 4);
        return Operator.unary(
                "avgPool2d(input)", input, x -> TorchPooling.average(x, kernel, stride, pads, ceil, countPad));
    }

    /** The mean over all axes from 2 on, which stay with extent 1. */
    public static Tensor globalAvgPool(Tensor input) {
        return Operator.unary("globalAvgPool(input)", input, TorchPooling::global);
    }

    // ---- activations

    /** max(0, x). */
    public static Tensor relu(Tensor input) {
        return Operator.unary("relu(input)", input, TorchNeural::relu);
    }

    /** x if x is at least 0, else slope * x. */
    public static Tensor leakyRelu(Tensor input, double slope) {
        return Operator.unary("leakyRelu(input)", input, x -> TorchNeural.leakyRelu(x, slope));
    }

    /** 1 / (1 + exp(-x)). */
    public static Tensor sigmoid(Tensor input) {
        return Operator.unary("sigmoid(input)", input, TorchNeural::sigmoid);
    }

    /** The hyperbolic tangent. */
    public static Tensor tanh(Tensor input) {
        return Operator.unary("tanh(input)", input, TorchNeural::tanh);
    }

    /** x * Phi(x) with the exact normal distribution function. */
    public static Tensor gelu(Tensor input) {
        return Operator.unary("gelu(input)", input, TorchNeural::gelu);
    }

    /** x * sigmoid(x). */
    public static Tensor silu(Tensor input) {
        return Operator.unary("silu(input)", input, TorchNeural::silu);
    }

    /** x * clamp(x + 3, 0, 6) / 6. */
    public static Tensor hardSwish(Tensor input) {
        return Operator.unary("hardSwish(input)", input, TorchNeural::hardSwish);
    }

    /** x if x is above 0, else alpha * (exp(x) - 1). */
    public static Tensor elu(Tensor input, double alpha) {
        return Operator.unary("elu(input)", input, x -> TorchNeural.elu(x, alpha));
    }

    // ---- the rest

    /** In training, zeroes each element with probability {@code p} and divides the others by 1 - p; else the input. */
    public static Tensor dropout(Tensor input, double p, boolean training) {
        return Operator.unary("dropout(input)", input, x -> TorchNeural.dropout(x, p, training));
    }

    /**
     * Adds elements of {@code value} around the input; negative pads cut.
     *
     * @param onnxPads the pads before each axis, then the pads after each axis: 2 * rank numbers
     */
    public static Tensor pad(Tensor input, long[] onnxPads, double value) {
        require("pad: pads", onnxPads, 2 * input.rank());
        return Operator.unary("pad(input)", input, x -> TorchNeural.pad(x, onnxPads, value));
    }

    /**
     * The mean over the batch of -log softmax(logits)[label], as a scalar.
     *
     * @param logits [n, classes]
     * @param labels I64 [n]
     * @param labelSmoothing in [0, 1]: the share of the target that is spread over all classes
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, double labelSmoothing) {
        return Operator.binary(
                "crossEntropy(logits, labels)",
                logits,
                labels,
                (x, y) -> TorchNeural.crossEntropy(x, y, labelSmoothing));
    }

    /**
     * For each sample -log softmax(logits)[label], [n].
     *
     * @param logits [n, classes]
     * @param labels I64 [n]
     * @param labelSmoothing in [0, 1]: the share of the target that is spread over all classes
     */
    public static Tensor crossEntropies(Tensor logits, Tensor labels, double labelSmoothing) {
        return Operator.binary(
                "crossEntropies(logits, labels)",
                logits,
                labels,
                (x, y) -> TorchNeural.crossEntropies(x, y, labelSmoothing));
    }

    /**
     * For each element -target * log sigmoid(logit) - (1 - target) * log sigmoid(-logit), in the shape of both.
     *
     * @param targets F32 in [0, 1]
     */
    public static Tensor binaryCrossEntropies(Tensor logits, Tensor targets) {
        return Operator.binary(
                "binaryCrossEntropies(logits, targets)", logits, targets, TorchNeural::binaryCrossEntropies);
    }

    /**
     * The sampling positions of affine maps, in [-1, 1] from edge to edge of the image.
     *
     * @param theta [n, 2, 3]: each maps the output's (x, y, 1) to the input's (x, y)
     * @param size the extents of the images to make, [n, c, h, w]
     * @return [n, h, w, 2]
     */
    public static Tensor affineGrid(Tensor theta, long[] size) {
        require("affineGrid: size", size, 4);
        return Operator.unary("affineGrid(theta)", theta, x -> TorchNeural.affineGrid(x, size));
    }

    /**
     * Samples images bilinearly.
     *
     * @param input [n, c, h, w]
     * @param grid [n, oh, ow, 2], (x, y) in [-1, 1] from edge to edge
     * @param zerosPadding true: outside is 0; false: outside continues the border
     * @return [n, c, oh, ow]
     */
    public static Tensor gridSample(Tensor input, Tensor grid, boolean zerosPadding) {
        return Operator.binary(
                "gridSample(input, grid)", input, grid, (x, g) -> TorchNeural.gridSample(x, g, zerosPadding));
    }

    // ---- volumes

    /** As {@link #conv2d} over three spatial axes; {@code pads} are all beginnings, then all ends. */
    public static Tensor conv3d(
            Tensor input,
            Tensor weight,
            @Nullable Tensor bias,
            long[] stride,
            long[] pads,
            long[] dilation,
            long groups) {
        return Operator.apply(
                "conv3d(input, weight, bias)",
                () -> TorchVolume.conv3d(input.handle(), weight.handle(), handle(bias), stride, pads, dilation, groups),
                present(input, weight, bias));
    }

    /** As {@link #convTranspose2d} over three spatial axes. */
    public static Tensor convTranspose3d(
            Tensor input,
            Tensor weight,
            @Nullable Tensor bias,
            long[] stride,
            long[] pads,
            long[] outputPadding,
            long[] dilation,
            long groups) {
        return Operator.apply(
                "convTranspose3d(input, weight, bias)",
                () -> TorchVolume.convTranspose3d(
                        input.handle(), weight.handle(), handle(bias), stride, pads, outputPadding, dilation, groups),
                present(input, weight, bias));
    }

    /** The greatest element of each window over three axes; padding never wins. */
    public static Tensor maxPool3d(Tensor input, long[] kernel, long[] stride, long[] pads, long[] dilation) {
        return Operator.unary("maxPool3d(input)", input, x -> TorchVolume.maxPool3d(x, kernel, stride, pads, dilation));
    }

    /** The mean of each window over three axes. */
    public static Tensor averagePool3d(Tensor input, long[] kernel, long[] stride, long[] pads, boolean countPad) {
        return Operator.unary(
                "averagePool3d(input)", input, x -> TorchVolume.averagePool3d(x, kernel, stride, pads, countPad));
    }

    private static void require(String name, long[] values, int count) {
        if (values.length != count) {
            throw new ShapeException(name + ": expected " + count + " numbers, got " + values.length);
        }
    }

    private static @Nullable TorchTensor handle(@Nullable Tensor tensor) {
        return tensor == null ? null : tensor.handle();
    }

    private static Tensor[] present(Tensor input, Tensor weight, @Nullable Tensor bias) {
        return bias == null ? new Tensor[] {input, weight} : new Tensor[] {input, weight, bias};
    }
}
