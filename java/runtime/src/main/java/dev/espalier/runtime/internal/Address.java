package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.Pointer;

/** A native address that nobody frees through this object. */
final class Address extends Pointer {
    static final Address NULL = new Address(0);

    Address(long address) {
        super((Pointer) null);
        this.address = address;
    }

    static Address of(long address) {
        return address == 0 ? NULL : new Address(address);
    }
}
