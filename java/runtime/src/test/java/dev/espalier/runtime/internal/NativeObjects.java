package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.Pointer;

/** Counts the native objects that the binding keeps track of. */
public final class NativeObjects {
    private NativeObjects() {}

    public static long count() {
        return Pointer.totalCount();
    }

    public static long residentBytes() {
        return Pointer.physicalBytes();
    }
}
