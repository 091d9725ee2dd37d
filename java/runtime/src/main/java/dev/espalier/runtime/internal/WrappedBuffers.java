package dev.espalier.runtime.internal;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.PointerConsumer;

/**
 * Keeps buffers reachable while libtorch uses their memory.
 *
 * <p>libtorch calls this one object when it gives memory back. The binding has ten native slots for such callbacks, so
 * there cannot be one per buffer. Buffers that begin at one address are parts of one allocation: any of them keeps it.
 */
final class WrappedBuffers extends PointerConsumer {
    static final WrappedBuffers INSTANCE = new WrappedBuffers();

    private static final Map<Long, Held> HELD = new ConcurrentHashMap<>();

    /** How often a buffer is in use. */
    private record Held(ByteBuffer buffer, int uses) {}

    private WrappedBuffers() {
        // Beyond the frame in which this class happens to be initialised.
        retainReference();
    }

    void hold(long address, ByteBuffer buffer) {
        HELD.merge(address, new Held(buffer, 1), (held, added) -> new Held(held.buffer, held.uses + 1));
    }

    @Override
    public void call(Pointer memory) {
        HELD.computeIfPresent(
                memory.address(), (address, held) -> held.uses == 1 ? null : new Held(held.buffer, held.uses - 1));
    }

    /** The number of addresses in use. */
    static int held() {
        return HELD.size();
    }
}
