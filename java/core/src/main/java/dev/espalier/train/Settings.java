package dev.espalier.train;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A complete, typed assignment of values to a list of {@link SettingKey}s. */
public final class Settings {
    private final Map<String, Object> values;

    private Settings(Map<String, Object> values) {
        this.values = values;
    }

    /**
     * Reads {@code given} against {@code keys}: absent keys take their default, unknown keys are refused by name together
     * with the nearest known one. Underscores in names count as hyphens. {@code what} names the settings in errors.
     */
    public static Settings parse(String what, List<SettingKey> keys, Map<String, ?> given) {
        Map<String, Object> values = new LinkedHashMap<>();
        keys.forEach(key -> values.put(key.name(), key.defaultValue()));
        Map<String, SettingKey> known = new LinkedHashMap<>();
        keys.forEach(key -> known.put(key.name(), key));
        given.forEach((name, value) -> {
            SettingKey key = known.get(name.replace('_', '-'));
            if (key == null) {
                throw new IllegalArgumentException(
                        "unknown key '" + name + "' in " + what + "; did you mean '" + nearest(name, keys) + "'?");
            }
            values.put(key.name(), key.parse(value));
        });
        return new Settings(values);
    }

    /** The whole number of {@code name} as a long. */
    public long wholeNumber(String name) {
        return (Long) value(name);
    }

    /** The whole number of {@code name} as an int. */
    public int integer(String name) {
        long value = wholeNumber(name);
        if (value != (int) value) {
            throw new IllegalArgumentException("setting '" + name + "' does not fit 32 bits, got " + value);
        }
        return (int) value;
    }

    public double real(String name) {
        return (Double) value(name);
    }

    public boolean flag(String name) {
        return (Boolean) value(name);
    }

    public String text(String name) {
        return value(name).toString();
    }

    public <E extends Enum<E>> E choice(String name, Class<E> type) {
        return Enum.valueOf(type, value(name).toString().toUpperCase(Locale.ROOT));
    }

    private Object value(String name) {
        Object value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no setting is named '" + name + "'");
        }
        return value;
    }

    private static String nearest(String name, List<SettingKey> keys) {
        String wanted = name.toLowerCase(Locale.ROOT).replace('_', '-');
        return keys.stream()
                .map(SettingKey::name)
                .min(Comparator.comparingInt(known -> distance(wanted, known)))
                .orElseThrow();
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
