package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the cells of a column mean. */
public enum ColumnType {
    /** Paths of JPEG or PNG files. */
    IMAGE,
    /** Paths of WAV or FLAC files. */
    AUDIO,
    /** Words. */
    TEXT,
    /** Finite numbers. */
    NUMERIC,
    /** One of few values. */
    CATEGORICAL,
    /** What is learnt. */
    LABEL,
    /** Which of training, validation and test a row belongs to. */
    SPLIT,
    /** Results are stated for the rows of each value. */
    GROUP,
    /** Names the row in reports. */
    ID,
    /** Not used. */
    IGNORE;

    /** Its spelling in a description: lower case. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The type spelt {@code text} in any case; {@code what} asks for it. */
    public static ColumnType of(String what, String text) {
        for (ColumnType type : values()) {
            if (type.label().equals(text.strip().toLowerCase(Locale.ROOT))) {
                return type;
            }
        }
        throw new DataException(what + ": expected one of "
                + Arrays.stream(values()).map(ColumnType::label).collect(Collectors.joining(", ")) + ", got '"
                + OneLine.of(text) + "'");
    }

    /** Whether its cells are paths of files. */
    public boolean isFile() {
        return this == IMAGE || this == AUDIO;
    }

    /** Whether its cells are fed to the model. */
    public boolean isInput() {
        return switch (this) {
            case IMAGE, AUDIO, TEXT, NUMERIC, CATEGORICAL -> true;
            case LABEL, SPLIT, GROUP, ID, IGNORE -> false;
        };
    }
}
