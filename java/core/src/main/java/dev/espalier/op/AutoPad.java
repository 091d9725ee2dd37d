package dev.espalier.op;

/** Who chooses the padding of a window: the attribute {@code pads}, or a rule. */
public enum AutoPad {
    NOTSET,
    VALID,
    /** Output = ceil(input / stride); the odd element of padding goes to the end. */
    SAME_UPPER,
    /** Output = ceil(input / stride); the odd element of padding goes to the beginning. */
    SAME_LOWER
}
