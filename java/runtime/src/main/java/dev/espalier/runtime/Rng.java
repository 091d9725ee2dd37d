package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchRandom;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The default random generators of the CPU and of every CUDA device: process-wide, used by all random operators. */
public final class Rng {
    private Rng() {}

    /** Starts all generators from one seed; the CPU's numbers do not depend on the number of threads. */
    public static void seed(long seed) {
        TorchRandom.seed(seed);
    }

    /**
     * Where the generators stand.
     *
     * @return little-endian: the count of generators (CPU first, then the CUDA devices), then for each its length in bytes
     *     and its state; numbers are 32-bit
     */
    public static byte[] state() {
        byte[][] states = Operator.evaluate("rng state", TorchRandom::states);
        int size = Integer.BYTES;
        for (byte[] state : states) {
            size += Integer.BYTES + state.length;
        }
        ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(states.length);
        for (byte[] state : states) {
            bytes.putInt(state.length).put(state);
        }
        return bytes.array();
    }

    /**
     * Sets the generators to where they stood. States of CUDA devices that are not here are passed over, as are devices
     * without a state.
     *
     * @param saved what {@link #state()} gave
     * @throws EspalierException if the bytes are not such a state; nothing has changed then
     */
    public static void restore(byte[] saved) {
        byte[][] states = parse(saved);
        Operator.evaluate("rng restore", () -> {
            TorchRandom.restore(states);
            return Boolean.TRUE;
        });
    }

    private static byte[][] parse(byte[] saved) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(saved).order(ByteOrder.LITTLE_ENDIAN);
            int count = bytes.getInt();
            if (count >= 1 && count <= 1024) {
                byte[][] states = new byte[count][];
                for (int i = 0; i < count; i++) {
                    int length = bytes.getInt();
                    if (length < 0 || length > bytes.remaining()) {
                        throw new BufferUnderflowException();
                    }
                    states[i] = new byte[length];
                    bytes.get(states[i]);
                }
                return states;
            }
        } catch (BufferUnderflowException e) {
            throw new EspalierException("rng restore: the state is cut short at " + saved.length + " bytes", e);
        }
        throw new EspalierException("rng restore: expected a state of at least one generator, got " + saved.length
                + " bytes of something else");
    }
}
