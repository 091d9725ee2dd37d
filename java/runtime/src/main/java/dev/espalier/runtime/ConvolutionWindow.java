package dev.espalier.runtime;

import java.util.Arrays;

/** How a convolution's filter moves over the image: stride, pads, dilation and groups. */
public final class ConvolutionWindow {
    private final long[] numbers;

    private ConvolutionWindow(long[] numbers) {
        this.numbers = numbers;
    }

    /**
     * Makes a window.
     *
     * @param stride (h, w), each at least 1
     * @param pads (top, left, bottom, right), each at least 0
     * @param dilation (h, w), each at least 1
     * @param groups at least 1
     */
    public static ConvolutionWindow of(long[] stride, long[] pads, long[] dilation, long groups) {
        boolean valid = stride.length == 2
                && pads.length == 4
                && dilation.length == 2
                && Arrays.stream(stride).allMatch(s -> s >= 1)
                && Arrays.stream(pads).allMatch(p -> p >= 0)
                && Arrays.stream(dilation).allMatch(d -> d >= 1)
                && groups >= 1;
        if (!valid) {
            throw new ShapeException(
                    "convolution window: expected 2 strides and 2 dilations of at least 1, 4 pads of at least 0,"
                            + " groups of at least 1, got stride " + Arrays.toString(stride) + ", pads "
                            + Arrays.toString(pads)
                            + ", dilation " + Arrays.toString(dilation) + ", groups " + groups);
        }
        return new ConvolutionWindow(
                new long[] {stride[0], stride[1], pads[0], pads[1], pads[2], pads[3], dilation[0], dilation[1], groups
                });
    }

    /** stride (h, w), pads (top, left, bottom, right), dilation (h, w), groups. */
    long[] numbers() {
        return numbers;
    }

    /** Steps of the filter, (h, w). */
    public long[] stride() {
        return Arrays.copyOfRange(numbers, 0, 2);
    }

    /** Zeros around the image, (top, left, bottom, right). */
    public long[] pads() {
        return Arrays.copyOfRange(numbers, 2, 6);
    }

    /** Distances between the filter's elements, (h, w). */
    public long[] dilation() {
        return Arrays.copyOfRange(numbers, 6, 8);
    }

    /** In how many groups the channels are split. */
    public long groups() {
        return numbers[8];
    }

    /** The extent of the output along the height (0) or the width (1). */
    long output(int axis, long input, long filter) {
        long padded = input + numbers[2 + axis] + numbers[4 + axis];
        return (padded - numbers[6 + axis] * (filter - 1) - 1) / numbers[axis] + 1;
    }

    /** [n, k, oh, ow] for images [n, c, h, w] and a weight [k, c / groups, r, s]. */
    Shape output(Shape images, Shape weight) {
        return Shape.of(
                images.dim(0),
                weight.dim(0),
                output(0, images.dim(2), weight.dim(2)),
                output(1, images.dim(3), weight.dim(3)));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConvolutionWindow that && Arrays.equals(numbers, that.numbers);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(numbers);
    }

    /** Stride, pads, dilation and groups in this order. */
    @Override
    public String toString() {
        return "window " + Arrays.toString(numbers);
    }
}
