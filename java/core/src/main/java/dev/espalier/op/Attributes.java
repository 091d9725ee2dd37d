package dev.espalier.op;

import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The attributes of one operator by name: typed reading with defaults on the way in, sorted and immutable on the way out. */
public final class Attributes {
    private final String type;
    private final SortedMap<String, Attribute> values;

    Attributes(String type, Map<String, Attribute> values) {
        this.type = type;
        this.values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    /** No attributes, to be filled by {@link #with}. */
    static Attributes none() {
        return new Attributes("", Map.of());
    }

    Attributes with(String name, Attribute value) {
        Map<String, Attribute> more = new TreeMap<>(values);
        more.put(name, value);
        return new Attributes(type, more);
    }

    Attributes with(String name, long value) {
        return with(name, Attribute.of(value));
    }

    Attributes with(String name, float value) {
        return with(name, Attribute.of(value));
    }

    Attributes with(String name, String value) {
        return with(name, Attribute.of(value));
    }

    /** Adds the list unless it is empty, which stands for the ONNX default. */
    Attributes with(String name, Ints value) {
        return value.isEmpty() ? this : with(name, (Attribute) value);
    }

    /** Adds the list unless it is empty, which stands for the ONNX default. */
    Attributes with(String name, Floats value) {
        return value.isEmpty() ? this : with(name, (Attribute) value);
    }

    Map<String, Attribute> asMap() {
        return values;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Refuses attributes other than these: an attribute that is not understood would change the result silently. */
    Attributes only(String... known) {
        for (String name : values.keySet()) {
            if (!List.of(known).contains(name)) {
                throw new UnsupportedOperatorException(type + ": attribute '" + name + "' is not supported, expected "
                        + (known.length == 0 ? "none" : "one of " + List.of(known)));
            }
        }
        return this;
    }

    /** Refuses any value but the one that is implemented. */
    Attributes mustBe(String name, long value) {
        if (integer(name, value) != value) {
            throw new UnsupportedOperatorException(
                    type + ": attribute '" + name + "' must be " + value + ", got " + integer(name, value));
        }
        return this;
    }

    /** The text, refused unless it is one of those that are implemented; the first is the default. */
    String oneOf(String name, String... known) {
        String value = text(name, known[0]);
        if (!List.of(known).contains(value)) {
            throw new UnsupportedOperatorException(
                    type + ": attribute '" + name + "' must be one of " + List.of(known) + ", got '" + value + "'");
        }
        return value;
    }

    /** Refuses any value but the one that is implemented. */
    Attributes mustBe(String name, String value) {
        if (!text(name, value).equals(value)) {
            throw new UnsupportedOperatorException(
                    type + ": attribute '" + name + "' must be '" + value + "', got '" + text(name, value) + "'");
        }
        return this;
    }

    long integer(String name, long otherwise) {
        Attribute value = values.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Attribute.Int i) {
            return i.value();
        }
        if (value instanceof TensorValue t && t.shape().numel() == 1) {
            return t.toLongs()[0];
        }
        throw wrong(name, "a whole number", value);
    }

    boolean flag(String name, boolean otherwise) {
        return integer(name, otherwise ? 1 : 0) != 0;
    }

    float real(String name, float otherwise) {
        Attribute value = values.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Attribute.Float f) {
            return f.value();
        }
        if (value instanceof TensorValue t && t.shape().numel() == 1) {
            return t.dtype().isFloating() ? (float) t.toDoubles()[0] : t.toLongs()[0];
        }
        throw wrong(name, "a real number", value);
    }

    String text(String name, String otherwise) {
        Attribute value = values.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Attribute.Str s) {
            return s.value();
        }
        throw wrong(name, "a text", value);
    }

    /** The texts, none where the attribute is left out. */
    List<String> texts(String name) {
        Attribute value = values.get(name);
        if (value == null) {
            return List.of();
        }
        if (value instanceof Attribute.Strs list) {
            return list.values();
        }
        throw wrong(name, "a list of texts", value);
    }

    String type() {
        return type;
    }

    /** The list, empty where the attribute is left out. */
    Ints ints(String name) {
        Attribute value = values.get(name);
        if (value == null) {
            return Ints.NONE;
        }
        if (value instanceof Ints list) {
            return list;
        }
        if (value instanceof TensorValue t && t.shape().rank() <= 1) {
            return Ints.of(t.toLongs());
        }
        throw wrong(name, "a list of whole numbers", value);
    }

    /** The list, empty where the attribute is left out. */
    Floats floats(String name) {
        Attribute value = values.get(name);
        if (value == null) {
            return Floats.NONE;
        }
        if (value instanceof Floats list) {
            return list;
        }
        if (value instanceof TensorValue t && t.shape().rank() <= 1) {
            return Floats.of(t.toDoubles());
        }
        throw wrong(name, "a list of real numbers", value);
    }

    TensorValue tensor(String name) {
        Attribute value = values.get(name);
        if (value instanceof TensorValue t) {
            return t;
        }
        throw value == null
                ? new UnsupportedOperatorException(type + ": attribute '" + name + "' is missing")
                : wrong(name, "a tensor", value);
    }

    private UnsupportedOperatorException wrong(String name, String expected, Attribute got) {
        return new UnsupportedOperatorException(
                type + ": attribute '" + name + "' must be " + expected + ", got " + got);
    }
}
