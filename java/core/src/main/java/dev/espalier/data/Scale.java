package dev.espalier.data;

/**
 * A line through the numbers of people and those of a model.
 *
 * @param low the number that is 0 to the model
 * @param high the number that is 1 to the model, above {@code low}
 */
public record Scale(double low, double high) {
    /** The numbers as they are. */
    public static final Scale UNIT = new Scale(0, 1);

    public Scale {
        if (!(low < high) || !Double.isFinite(high - low)) {
            throw new DataException("a scale: expected finite numbers, the lower first, got " + low + " and " + high);
        }
    }

    /** What a number is to the model; outside 0..1 for one that is outside the scale. */
    public float unit(double number) {
        return (float) ((number - low) / (high - low));
    }

    /** The number that the model's {@code unit} stands for. */
    public double number(double unit) {
        return low + unit * (high - low);
    }
}
