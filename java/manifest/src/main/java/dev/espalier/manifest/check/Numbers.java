package dev.espalier.manifest.check;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Numbers gathered one by one, eight bytes each. */
final class Numbers {
    private double[] values = new double[64];
    private int count;

    void add(double value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count);
        }
        values[count++] = value;
    }

    /** Null if there are none. */
    @Nullable
    Quantiles quantiles() {
        return count == 0 ? null : Quantiles.of(Arrays.copyOf(values, count));
    }
}
