package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import dev.espalier.manifest.Column;
import java.util.List;
import java.util.Map;

/** The settings of a column, read by name and bounds. */
final class Settings {
    private final String what;
    private final Map<String, Object> values;

    /** @throws DataException if there is a setting that is none of {@code known} */
    Settings(Column column, List<String> known) {
        this.what = "column '" + column.name() + "'";
        this.values = column.settings();
        for (String name : values.keySet()) {
            if (!known.contains(name)) {
                throw new DataException(
                        what + ": expected settings among type, " + String.join(", ", known) + ", got '" + name + "'");
            }
        }
    }

    String text(String name, String otherwise) {
        return String.valueOf(values.getOrDefault(name, otherwise));
    }

    double real(String name, double otherwise, double least, double most) {
        Object value = values.getOrDefault(name, otherwise);
        if (value instanceof Number number && number.doubleValue() >= least && number.doubleValue() <= most) {
            return number.doubleValue();
        }
        throw new DataException(
                what + ", " + name + ": expected a number from " + least + " to " + most + ", got " + value);
    }

    /** The first of the choices if nothing is set. */
    String choice(String name, List<String> choices) {
        String value = text(name, choices.get(0));
        if (!choices.contains(value)) {
            throw new DataException(what + ", " + name + ": expected one of " + choices + ", got '" + value + "'");
        }
        return value;
    }

    int integer(String name, int otherwise, int least, int most) {
        double value = real(name, otherwise, least, most);
        if (value != Math.rint(value)) {
            throw new DataException(what + ", " + name + ": expected a whole number, got " + value);
        }
        return (int) value;
    }
}
