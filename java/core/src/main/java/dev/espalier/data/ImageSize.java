package dev.espalier.data;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The height and width of an image in pixels. */
public record ImageSize(int height, int width) {
    private static final int LARGEST = 1 << 14;
    private static final Pattern TEXT = Pattern.compile("(\\d{1,6})(?:x(\\d{1,6}))?");

    public ImageSize {
        if (height < 1 || width < 1 || height > LARGEST || width > LARGEST) {
            throw new DataException(
                    "image size " + height + "x" + width + ": expected a height and a width of 1 to " + LARGEST);
        }
    }

    /**
     * Reads a size as a user writes it.
     *
     * @param text {@code 32} for a square, {@code 48x64} for height 48 and width 64
     * @throws DataException if the text has another form
     */
    public static ImageSize parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new DataException(
                    "image size '" + text + "': expected a number such as 32, or HEIGHTxWIDTH such as 48x64");
        }
        int height = Integer.parseInt(matcher.group(1));
        String width = matcher.group(2);
        return new ImageSize(height, width == null ? height : Integer.parseInt(width));
    }

    /** For example {@code 48x64}: height first. */
    @Override
    public String toString() {
        return height + "x" + width;
    }
}
