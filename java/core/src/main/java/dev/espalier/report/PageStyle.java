package dev.espalier.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What all pages look like, and the files of this package that they are put together from. */
final class PageStyle {
    /** The rules that every page has, for light and dark, narrow and wide screens. */
    static final String CSS = resource("page.css");

    private static final String PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
            + "<path d='M8 15V2M8 11H3V5M8 11h5V5' fill='none' stroke='#2a8a4a' stroke-width='2'/></svg>";

    /** The icon in a browser's tab, inside the page, so that no browser asks for one elsewhere. */
    static final String ICON = "<link rel=\"icon\" href=\"data:image/svg+xml;base64,"
            + Base64.getEncoder().encodeToString(PICTURE.getBytes(StandardCharsets.UTF_8)) + "\">";

    private PageStyle() {}

    /** The text of a file beside this class. */
    static String resource(String name) {
        try (InputStream in = PageStyle.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name + " beside " + PageStyle.class.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name + " of the jar", e);
        }
    }
}
