package dev.espalier.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a synthetic image shows: a function from a place in the motif's own coordinates to coverage between 0 and 1.
 *
 * <p>Coordinates are in units of the motif's size about its centre, after rotation; textures fill the image with period 1,
 * shapes fit in the unit circle. Names sort in the order of the constants.
 */
enum Motif {
    BLOBS {
        @Override
        double cover(double x, double y, double edge) {
            return step(
                    0.35 - (Math.sin(Math.PI * x * 0.9) * Math.sin(Math.PI * y * 1.1 + 0.7 * Math.sin(2 * x))), edge);
        }
    },
    CHECKER {
        @Override
        double cover(double x, double y, double edge) {
            return step(Math.sin(Math.PI * x) * Math.sin(Math.PI * y), edge);
        }
    },
    CROSS {
        @Override
        double cover(double x, double y, double edge) {
            double across = Math.max(Math.abs(x) - 1, Math.abs(y) - 0.3);
            double down = Math.max(Math.abs(x) - 0.3, Math.abs(y) - 1);
            return step(-Math.min(across, down), edge);
        }
    },
    DISC {
        @Override
        double cover(double x, double y, double edge) {
            return step(0.9 - Math.hypot(x, y), edge);
        }
    },
    RING {
        @Override
        double cover(double x, double y, double edge) {
            return step(0.25 - Math.abs(Math.hypot(x, y) - 0.75), edge);
        }
    },
    STRIPES_FALLING {
        @Override
        double cover(double x, double y, double edge) {
            return step(Math.sin(Math.PI * (x - y)), edge);
        }
    },
    STRIPES_RISING {
        @Override
        double cover(double x, double y, double edge) {
            return step(Math.sin(Math.PI * (x + y)), edge);
        }
    },
    TRIANGLE {
        @Override
        double cover(double x, double y, double edge) {
            double slanted = Math.abs(x) * 0.866 + y * 0.5;
            return step(0.5 - Math.max(slanted, -y), edge);
        }
    };

    /**
     * How much of the place is figure.
     *
     * @param edge half the width of the soft rim, in the motif's units
     */
    abstract double cover(double x, double y, double edge);

    /** True if the motif fills the image and keeps its own direction. */
    boolean isTexture() {
        return this == BLOBS || this == CHECKER || this == STRIPES_FALLING || this == STRIPES_RISING;
    }

    private static double step(double depth, double edge) {
        return Math.max(0, Math.min(1, 0.5 + depth / (2 * edge)));
    }

    static List<String> names() {
        return Arrays.stream(values())
                .map(motif -> motif.name().toLowerCase(Locale.ROOT))
                .toList();
    }
}
