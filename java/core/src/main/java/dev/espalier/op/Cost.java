package dev.espalier.op;

import java.util.List;

/** Work of one operator on one sample: multiply-accumulates with weights, and bytes read and written at least once. */
public record Cost(long macs, long bytes) {
    public static final Cost ZERO = new Cost(0, 0);

    static Cost of(long macs, List<TensorType> in, List<TensorType> out) {
        return new Cost(macs, bytes(in) + bytes(out));
    }

    public Cost plus(Cost other) {
        return new Cost(macs + other.macs, bytes + other.bytes);
    }

    /** The same traffic without multiplications that count. */
    public Cost withoutMacs() {
        return new Cost(0, bytes);
    }

    private static long bytes(List<TensorType> types) {
        return types.stream()
                .filter(t -> !t.isAbsent())
                .mapToLong(t -> t.numelPerSample() * t.dtype().bytes())
                .sum();
    }
}
