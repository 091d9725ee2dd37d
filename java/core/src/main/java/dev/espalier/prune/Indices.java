package dev.espalier.prune;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Lists of indices between the heap and a device. */
final class Indices {
    private Indices() {}

    /** An I64 tensor with these indices. */
    static Tensor tensor(int[] indices, Device device) {
        Tensor host = Tensor.of(Arrays.stream(indices).asLongStream().toArray(), indices.length);
        return device.isCuda() ? host.to(device) : host;
    }

    /** The indices at which the list is true. */
    static int[] where(boolean[] list) {
        return IntStream.range(0, list.length).filter(i -> list[i]).toArray();
    }

    /** The indices at which a BOOL tensor [n] is true. */
    static int[] where(Tensor truths) {
        long[] values = truths.toLongArray();
        return IntStream.range(0, values.length).filter(i -> values[i] != 0).toArray();
    }
}
