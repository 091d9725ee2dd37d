package dev.espalier.train;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** One named, typed setting with its default and one line of help; command-line flags are generated from it. */
public record SettingKey(String name, Kind kind, Object defaultValue, String help, List<String> choices) {

    /** How the text of a setting is read. */
    public enum Kind {
        INTEGER,
        REAL,
        FLAG,
        CHOICE,
        TEXT
    }

    public SettingKey {
        choices = List.copyOf(choices);
        if (name.isEmpty() || help.isEmpty()) {
            throw new IllegalArgumentException("a setting needs a name and a line of help, got '" + name + "'");
        }
    }

    /** A whole number. */
    public static SettingKey integer(String name, long defaultValue, String help) {
        return new SettingKey(name, Kind.INTEGER, defaultValue, help, List.of());
    }

    /** A real number. */
    public static SettingKey real(String name, double defaultValue, String help) {
        return new SettingKey(name, Kind.REAL, defaultValue, help, List.of());
    }

    /** True or false. */
    public static SettingKey flag(String name, boolean defaultValue, String help) {
        return new SettingKey(name, Kind.FLAG, defaultValue, help, List.of());
    }

    /** Any text. */
    public static SettingKey text(String name, String defaultValue, String help) {
        return new SettingKey(name, Kind.TEXT, defaultValue, help, List.of());
    }

    /** One constant of an enumeration, written in lower case. */
    public static <E extends Enum<E>> SettingKey choice(String name, E defaultValue, String help) {
        List<String> choices = Arrays.stream(defaultValue.getDeclaringClass().getEnumConstants())
                .map(SettingKey::label)
                .toList();
        return new SettingKey(name, Kind.CHOICE, label(defaultValue), help, choices);
    }

    /** The spelling of an enumeration constant in settings: lower case. */
    public static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Reads a value of this key's kind from a number, a boolean or text. */
    public Object parse(Object value) {
        String text = value.toString().trim();
        try {
            return switch (kind) {
                case INTEGER -> value instanceof Double d ? wholeNumber(d) : (Object) Long.valueOf(text);
                case REAL -> finite(Double.parseDouble(text));
                case FLAG -> flagOf(text);
                case CHOICE -> choiceOf(text);
                case TEXT -> text;
            };
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(refusal(text), e);
        }
    }

    private Long wholeNumber(double value) {
        if (value != Math.rint(value) || Math.abs(value) > 1L << 53) {
            throw new IllegalArgumentException(refusal(Double.toString(value)));
        }
        return (long) value;
    }

    private Double finite(double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(refusal(Double.toString(value)));
        }
        return value;
    }

    private Boolean flagOf(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(refusal(text));
        };
    }

    private String choiceOf(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (!choices.contains(lower)) {
            throw new IllegalArgumentException(refusal(text));
        }
        return lower;
    }

    private String refusal(String text) {
        String expected = switch (kind) {
            case INTEGER -> "a whole number";
            case REAL -> "a finite number";
            case FLAG -> "true or false";
            case CHOICE -> "one of " + String.join(", ", choices);
            case TEXT -> "text";
        };
        return "setting '" + name + "' must be " + expected + ", got '" + text + "'";
    }
}
