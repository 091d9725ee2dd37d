package dev.espalier.op;

/**
 * How Resize finds the place of a new element among the old ones and what it takes from there, as ONNX defines it.
 *
 * @param mode nearest, linear or cubic
 * @param coordinates ONNX's coordinate_transformation_mode
 * @param rounding ONNX's nearest_mode
 * @param cubic the coefficient a of the cubic kernel
 * @param excludeOutside whether places outside have no weight in mode cubic
 */
public record Interpolation(String mode, String coordinates, String rounding, float cubic, boolean excludeOutside) {
    private static final float KEYS = -0.75f;

    /** Every element repeated, as in {@code torch.nn.Upsample(mode="nearest")}. */
    public static final Interpolation NEAREST = new Interpolation("nearest", "asymmetric", "floor", KEYS, false);

    /** As {@code torch.nn.Upsample(mode="bilinear")}. */
    public static final Interpolation LINEAR =
            new Interpolation("linear", "pytorch_half_pixel", "round_prefer_floor", KEYS, false);

    static Interpolation of(Attributes a) {
        return new Interpolation(
                a.oneOf("mode", "nearest", "linear", "cubic"),
                a.oneOf(
                        "coordinate_transformation_mode",
                        "half_pixel",
                        "pytorch_half_pixel",
                        "asymmetric",
                        "align_corners",
                        "half_pixel_symmetric",
                        "tf_half_pixel_for_nn"),
                a.oneOf("nearest_mode", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
                a.real("cubic_coeff_a", KEYS),
                a.flag("exclude_outside", false));
    }

    Attributes addTo(Attributes a) {
        return a.with("mode", mode)
                .with("coordinate_transformation_mode", coordinates)
                .with("nearest_mode", rounding)
                .with("cubic_coeff_a", cubic)
                .with("exclude_outside", excludeOutside ? 1 : 0);
    }

    int taps() {
        return switch (mode) {
            case "nearest" -> 1;
            case "linear" -> 2;
            default -> 4;
        };
    }

    /** The place of new element {@code i} among the old ones. */
    float coordinate(int i, int oldSize, int newSize, float scale) {
        return switch (coordinates) {
            case "asymmetric" -> i / scale;
            case "align_corners" -> newSize == 1 ? 0 : (float) i * (oldSize - 1) / (newSize - 1);
            case "pytorch_half_pixel" -> newSize > 1 ? (i + 0.5f) / scale - 0.5f : 0;
            case "tf_half_pixel_for_nn" -> (i + 0.5f) / scale;
            case "half_pixel_symmetric" -> {
                float adjustment = newSize / (scale * oldSize);
                yield oldSize / 2f * (1 - adjustment) + (i + 0.5f) / scale - 0.5f;
            }
            default -> (i + 0.5f) / scale - 0.5f;
        };
    }

    long rounded(float at) {
        double floor = Math.floor(at);
        return (long)
                switch (rounding) {
                    case "floor" -> floor;
                    case "ceil" -> Math.ceil(at);
                    case "round_prefer_ceil" -> Math.floor(at + 0.5);
                    default -> Math.ceil(at - 0.5);
                };
    }

    /** Weights of the elements at -1, 0, 1 and 2 from the one below the place, {@code t} of a step above which the place lies. */
    float[] kernel(float t) {
        float a = cubic;
        float s = 1 - t;
        return new float[] {
            ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a,
            ((a + 2) * t - (a + 3)) * t * t + 1,
            ((a + 2) * s - (a + 3)) * s * s + 1,
            ((a * (s + 1) - 5 * a) * (s + 1) + 8 * a) * (s + 1) - 4 * a
        };
    }
}
