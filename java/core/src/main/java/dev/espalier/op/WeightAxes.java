package dev.espalier.op;

import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.stream.IntStream;

/**
 * Which axis of a weight counts what it makes and which is summed over; all others are positions, such as those of a kernel.
 *
 * @param outputs the axis of what is made
 * @param outputParts equal parts of that axis that belong to different things, such as groups of a convolution or gates of an LSTM
 * @param inputs the axis that is summed over
 * @param inputParts as {@code outputParts}, of the axis that is summed over
 */
public record WeightAxes(int outputs, long outputParts, int inputs, long inputParts) {
    /** Neither axis in parts. */
    public static WeightAxes of(int outputs, int inputs) {
        return new WeightAxes(outputs, 1, inputs, 1);
    }

    /** A tensor of the weight's shape as [output parts, outputs of a part, input parts, inputs of a part, positions]. */
    public Tensor fold(Tensor weight) {
        long made = weight.size(outputs);
        long read = weight.size(inputs);
        long positions = weight.numel() / Math.max(1, made * read);
        return weight.permute(order(weight.rank()))
                .reshape(outputParts, made / outputParts, inputParts, read / inputParts, positions);
    }

    /** What {@link #fold} has folded, in the weight's own shape. */
    public Tensor unfold(Tensor folded, Shape weight) {
        int[] order = order(weight.rank());
        long[] ordered = IntStream.of(order).mapToLong(weight::dim).toArray();
        int[] back = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            back[order[i]] = i;
        }
        return folded.reshape(ordered).permute(back);
    }

    /** Outputs, inputs, then the positions in their order. */
    private int[] order(int rank) {
        IntStream positions = IntStream.range(0, rank).filter(axis -> axis != outputs && axis != inputs);
        return IntStream.concat(IntStream.of(outputs, inputs), positions).toArray();
    }
}
