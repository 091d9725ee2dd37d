package dev.espalier.runtime;

import java.util.List;

/** Which of some channels are live, in ascending order, where the tensors are; made by {@link Kernels#channelList}. */
public final class ChannelList implements TensorHolder {
    private final Tensor numbers;

    /** @param numbers I32 [1 + channels]: how many are live, then which */
    ChannelList(Tensor numbers) {
        this.numbers = numbers;
    }

    /** The number of channels, live or not. */
    public long channels() {
        return numbers.numel() - 1;
    }

    /** The live channels; waits for the device. */
    public long[] live() {
        try (Scope scope = Scope.open()) {
            long count = numbers.narrow(0, 0, 1).toLongArray()[0];
            return numbers.narrow(0, 1, count).toLongArray();
        }
    }

    Tensor numbers() {
        return numbers;
    }

    @Override
    public List<Tensor> tensors() {
        return List.of(numbers);
    }

    @Override
    public String toString() {
        return "list of " + channels() + " channels";
    }
}
