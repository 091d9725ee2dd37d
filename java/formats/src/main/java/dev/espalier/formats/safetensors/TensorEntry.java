package dev.espalier.formats.safetensors;

import dev.espalier.formats.TensorBytes;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;

/** Where one tensor lies in a safetensors file: bytes [begin, end) of the data section. */
public record TensorEntry(String name, DType dtype, Shape shape, long begin, long end) {
    public TensorEntry {
        long needed;
        try {
            needed = TensorBytes.declared(dtype, shape.toArray());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("tensor '" + name + "' " + e.getMessage(), e);
        }
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException(
                    "tensor '" + name + "' has data_offsets [" + begin + ", " + end + "], which run backwards");
        }
        if (end - begin != needed) {
            throw new IllegalArgumentException("tensor '" + name + "' of " + dtype + " " + shape + " needs " + needed
                    + " bytes, its data_offsets give " + (end - begin));
        }
    }

    /** Bytes of the elements. */
    public long length() {
        return end - begin;
    }
}
