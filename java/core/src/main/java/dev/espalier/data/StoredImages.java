package dev.espalier.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** One split of a data folder, image by image as they lie on disk: nothing is cached, resized or left out. */
public final class StoredImages {
    private final Path root;
    private final Originals originals;

    private StoredImages(Path root, Originals originals) {
        this.root = root;
        this.originals = originals;
    }

    /**
     * The splits of a folder in any layout that {@link Datasets} knows: training, then validation and test if there.
     *
     * @throws DataException if the folder has none of the layouts
     */
    public static List<StoredImages> of(Path root) {
        Layout.Splits found = Layout.of(root);
        List<StoredImages> splits = new ArrayList<>();
        splits.add(new StoredImages(root, found.train()));
        found.validation().ifPresent(originals -> splits.add(new StoredImages(root, originals)));
        found.test().ifPresent(originals -> splits.add(new StoredImages(root, originals)));
        return List.copyOf(splits);
    }

    /** For example {@code train}. */
    public String split() {
        return originals.split();
    }

    /** The names of the classes, the same in all splits; a label is an index into them. */
    public List<String> classes() {
        return originals.classes();
    }

    /** The number of images. */
    public int size() {
        return originals.size();
    }

    /**
     * Hands out all images in order.
     *
     * @throws DataException if a file ends early or cannot be read
     */
    public void each(Consumer<Original> taker) {
        try (Originals.Feed feed = originals.open()) {
            for (int i = 0; i < originals.size(); i++) {
                taker.accept(feed.next());
            }
        } catch (IOException e) {
            throw Layout.unreadable(root, e);
        }
    }
}
