package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;

/** libtorch scalars of Java numbers: whole ones are integers, so that integer tensors keep their type. */
final class Scalars {
    /** Beyond this a double does not name every whole number. */
    private static final double EXACT = 0x1p53;

    private Scalars() {}

    static Scalar of(double value) {
        boolean whole = Math.abs(value) < EXACT && value == Math.rint(value);
        boolean negativeZero = value == 0 && Double.doubleToRawLongBits(value) != 0;
        return whole && !negativeZero ? new Scalar((long) value) : new Scalar(value);
    }

    static ScalarOptional optional(double value) {
        return new ScalarOptional(of(value));
    }
}
