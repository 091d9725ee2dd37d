package dev.espalier.op;

import java.util.Locale;

/** How a recurrent layer walks through a sequence. */
public enum Direction {
    FORWARD(1),
    REVERSE(1),
    BIDIRECTIONAL(2);

    private final int count;

    Direction(int count) {
        this.count = count;
    }

    /** Walks through the sequence. */
    public int count() {
        return count;
    }

    /** ONNX's name. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Direction of(Attributes a) {
        String name = a.text("direction", "forward").toUpperCase(Locale.ROOT);
        for (Direction direction : values()) {
            if (direction.name().equals(name)) {
                return direction;
            }
        }
        throw new UnsupportedOperatorException(
                a.type() + ": direction must be forward, reverse or bidirectional, got '" + name + "'");
    }
}
