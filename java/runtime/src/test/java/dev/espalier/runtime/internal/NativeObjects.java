package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.Pointer;

/** Counts the native objects that the binding keeps track of. */
public final class NativeObjects {
    private NativeObjects() {}

    /** Makes the native objects that live as long as the process. */
    public static void load() {
        Torch.load();
        WrappedBuffers.held();
    }

    public static long count() {
        return Pointer.totalCount();
    }

    public static long residentBytes() {
        return Pointer.physicalBytes();
    }

    public static int wrappedBuffers() {
        return WrappedBuffers.held();
    }
}
