package dev.espalier.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A text that was costly to find, such as what was learnt from files, in an entry of a cache folder. */
public final class CachedText {
    private static final String TEXT = "text";
    /** Raised whenever the layout of the entry changes. */
    private static final int VERSION = 1;

    private CachedText() {}

    /**
     * The text, from the cache or found now.
     *
     * @param folder of the cache; made if it is not there
     * @param name begins the name of the entry: letters and digits
     * @param key of all that decides the text
     * @param finder what it throws passes through, and nothing is kept
     */
    public static String open(
            Path folder, String name, Fingerprint key, Supplier<String> finder, DataListener listener) {
        CacheFolder cache = new CacheFolder(folder, listener);
        try {
            return cache.open(name + "-" + key.key(), new CacheFolder.Entry<String>() {
                @Override
                public String read(Path place) throws IOException {
                    return new EntryReader(place, VERSION).facts().text(TEXT);
                }

                @Override
                public void write(Path growing) throws IOException {
                    String text = finder.get();
                    try (EntryWriter entry = new EntryWriter(growing)) {
                        entry.finish(CacheFacts.create().put("version", VERSION).put(TEXT, text));
                    } catch (IOException e) {
                        throw cache.unwritten(text.length(), name, e);
                    }
                }
            });
        } catch (IOException e) {
            throw cache.unusable(name, e);
        }
    }
}
