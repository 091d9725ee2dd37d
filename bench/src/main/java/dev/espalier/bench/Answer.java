package dev.espalier.bench;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;

/** Proof that what is timed computes the right thing. */
final class Answer {
    /** Distance from 1 to the next F32. */
    static final double EPSILON = 0x1p-23;

    private Answer() {}

    /** Throws unless every element lies within its tolerance of the expected one. */
    static void requireClose(String what, Tensor got, Tensor expected, Tensor tolerance) {
        require(what + ": shape", got.shape(), expected.shape());
        try (Scope scope = Scope.open()) {
            double wrong =
                    got.sub(expected).abs().le(tolerance).logicalNot().sum().item();
            if (wrong != 0) {
                throw new IllegalStateException(what + ": " + (long) wrong + " of " + got.numel()
                        + " elements are outside their tolerance; the benchmark would time a wrong answer");
            }
        }
    }

    /** Throws unless both are equal. */
    static void require(String what, Object got, Object expected) {
        if (!got.equals(expected)) {
            throw new IllegalStateException(what + ": expected " + expected + ", got " + got);
        }
    }
}
