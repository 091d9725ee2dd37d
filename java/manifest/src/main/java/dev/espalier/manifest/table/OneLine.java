package dev.espalier.manifest.table;

/** Text out of a data file made fit for a message: one line, bounded, with nothing that moves a cursor. */
public final class OneLine {
    private static final int LONGEST = 200;

    private OneLine() {}

    /** {@code text} with control and format characters escaped; beyond 200 characters its end is cut off. */
    public static String of(String text) {
        StringBuilder line = new StringBuilder(Math.min(text.length(), LONGEST) + 1);
        for (int i = 0; i < text.length(); ) {
            if (line.length() >= LONGEST) {
                return line.append('…').toString();
            }
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (isPlain(c)) {
                line.appendCodePoint(c);
            } else {
                line.append(escape(c));
            }
        }
        return line.toString();
    }

    private static boolean isPlain(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }

    private static String escape(int c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", c);
        };
    }
}
