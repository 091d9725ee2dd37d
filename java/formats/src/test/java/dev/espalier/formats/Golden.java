package dev.espalier.formats;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** Files that other programs have written, beside the tests that read them. */
public final class Golden {
    private Golden() {}

    /** The resource {@code name} in the package of {@code test}. */
    public static Path file(Class<?> test, String name) {
        URL url = test.getResource(name);
        if (url == null) {
            throw new IllegalArgumentException("no test resource " + name + " beside " + test);
        }
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("test resource " + name + " is no file", e);
        }
    }
}
