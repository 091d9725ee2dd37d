package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.PointerScope;

/** Frees, on close, every native object made on this thread since it was opened, except handles that were wrapped. */
public final class TorchFrame implements AutoCloseable {
    static {
        Torch.load();
    }

    private final PointerScope scope = new PointerScope();

    private TorchFrame() {}

    public static TorchFrame open() {
        return new TorchFrame();
    }

    @Override
    public void close() {
        scope.close();
    }
}
