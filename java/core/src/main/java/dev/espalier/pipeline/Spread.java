package dev.espalier.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Repeated measurements in two numbers.
 *
 * @param sd the standard deviation of a sample, by n - 1; none of a single measurement
 */
public record Spread(double mean, @Nullable Double sd) {
    public static Spread of(List<Double> values) {
        double mean = values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
        if (values.size() < 2) {
            return new Spread(mean, null);
        }
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        return new Spread(mean, Math.sqrt(squares / (values.size() - 1)));
    }
}
