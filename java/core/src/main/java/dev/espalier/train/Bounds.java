package dev.espalier.train;

/** Refusals of settings outside their range, in one wording. */
final class Bounds {
    private Bounds() {}

    static void atLeast(String name, double value, double least) {
        if (!(value >= least)) {
            throw new IllegalArgumentException(name + " must be at least " + number(least) + ", got " + number(value));
        }
    }

    static void positive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(name + " must be greater than 0, got " + number(value));
        }
    }

    /** Accepts {@code least <= value < most}. */
    static void within(String name, double value, double least, double most) {
        if (!(value >= least && value < most)) {
            throw new IllegalArgumentException(name + " must be at least " + number(least) + " and below "
                    + number(most) + ", got " + number(value));
        }
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
