package dev.espalier.manifest.check;

import dev.espalier.data.Skipped;
import dev.espalier.manifest.Column;
import dev.espalier.manifest.Manifest;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** A data set to be looked through: an image folder or a manifest. */
public abstract sealed class Subject permits ImageSubject, ManifestSubject {
    /** The labelled images in a folder of any layout that training takes. */
    public static Subject images(Path root) {
        return new ImageSubject(root);
    }

    /**
     * The rows of a manifest.
     *
     * @param unusable rows that were left out when it was read
     */
    public static Subject rows(Manifest manifest, List<Skipped> unusable) {
        return new ManifestSubject(manifest, unusable);
    }

    /** The names of the splits, training first. */
    abstract List<String> splits();

    /** The names of the classes; none if labels are numbers. */
    abstract List<String> classes();

    /** What each sample feeds to a model. */
    abstract List<Column> inputs();

    abstract int size(String split);

    /** What was left out before, as it cannot be a sample. */
    abstract List<Skipped> unusable();

    /** Hands out all samples, split by split. */
    abstract void each(Consumer<Sample> taker);

    /** Files beside the samples' own that nothing refers to. */
    abstract Examples unreferenced(int most);
}
