package dev.espalier.data;

import java.util.List;
import java.util.Map;

/** Labelled samples of one split, from which batches are made; safe for use by several threads. */
public interface Source extends AutoCloseable {
    /** The number of samples. */
    int size();

    /** The names of classes or labels, in the order of a model's outputs; empty where samples are labelled with numbers. */
    List<String> classes();

    /** What is right for every sample. */
    Answers answers();

    /**
     * The class of every sample, an index into {@link #classes()}, in a new array.
     *
     * @throws DataException if samples are not labelled with one class each
     */
    default int[] labels() {
        return answers().classes();
    }

    /** Where the sample came from: a path relative to the data folder, or a line of a file. */
    String name(int index);

    /** SHA-256 in hexadecimal of all that decides the batches: names, labels and contents. */
    String fingerprint();

    /** The kinds of data that a sample consists of and may lack, such as image and text; empty where there is but one. */
    default List<String> modalities() {
        return List.of();
    }

    /** The samples that have a modality, ascending. */
    default int[] having(String modality) {
        throw new DataException("no sample has a modality '" + modality + "', expected one of " + modalities());
    }

    /** Samples that belong together, by name, for which results are stated on their own; classes are not among them. */
    default List<Slice> slices() {
        return List.of();
    }

    /** The parts of a sample as people see them. */
    default List<Exhibit> exhibits(int index) {
        return List.of();
    }

    /** What a model must know to be fed with such samples, by name; it travels in the metadata of the model. */
    default Map<String, String> facts() {
        return Map.of();
    }

    /**
     * Refuses options that no batches can be made by.
     *
     * @throws DataException naming what does not fit
     */
    default void check(BatchOptions options) {}

    /** Makes the batches of an epoch, at least 0; for one thread at a time. */
    BatchSupply supply(BatchOptions options, int epoch);

    /** Some samples of this one, which stays their owner and is to be closed after them. */
    Source rows(int[] chosen);

    /** Lets go of files and mappings. */
    @Override
    void close();
}
