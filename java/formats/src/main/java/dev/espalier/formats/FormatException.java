package dev.espalier.formats;

import dev.espalier.runtime.EspalierException;
import java.nio.file.Path;

/**
 * A file whose content is not what its format demands; the message names the file and the thing.
 *
 * <p>The message is one line of at most {@value #LONGEST} characters whatever the file holds: names that come out of a file lose
 * their control characters, and what is too long loses its middle.
 */
public final class FormatException extends EspalierException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 1000;

    public FormatException(String message) {
        super(oneLine(message));
    }

    public FormatException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    private static String oneLine(String message) {
        String fit = message;
        if (message.length() > LONGEST) {
            int half = LONGEST / 2 - 2;
            fit = message.substring(0, half) + " … " + message.substring(message.length() - half);
        }
        StringBuilder line = new StringBuilder(fit.length());
        for (int i = 0; i < fit.length(); i++) {
            char c = fit.charAt(i);
            line.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? '?' : c);
        }
        return line.toString();
    }

    /** The one-line message {@code file: problem}. */
    public static FormatException of(Path file, String problem) {
        return new FormatException(file + ": " + problem);
    }
}
