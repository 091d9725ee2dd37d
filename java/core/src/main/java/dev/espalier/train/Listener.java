package dev.espalier.train;

import java.util.List;

/**
 * An observer of the training loop and what extends it, called in list order; it may keep state that belongs to the run, which it then saves
 * with every checkpoint.
 */
public interface Listener {
    /** Before the batches of a stage of a run, also of one that goes on after a resume; {@link #restore} follows then. */
    default void stageBegin(String name, Recipe recipe, int perEpoch) {}

    /** Something beside training happened, said in one line. */
    default void note(String line) {}

    /** What pruning has removed by now, as a share of what its budget counts, from 0 to 1; told when masks change and after a resume. */
    default void removed(double share) {}

    /** All gradients of an update are complete, in an open scope; more may be added to them. */
    default void gradientsReady(TrainingState state) {}

    /** The optimiser has moved the parameters, in an open scope; they may be moved on. */
    default void updated(TrainingState state, double learningRate) {}

    /** After every batch: gradients applied if they were due, the position already advanced. */
    default void stepEnd(StepReport report) {}

    /**
     * How named parts of the validation split fare; after its pass, before {@link #epochEnd}, and by runs that prune also before the first
     * pruning, after each and after each fit that follows, then with modalities hidden too.
     */
    default void slices(List<SliceScore> scores) {}

    /** After the last batch of an epoch, its {@link #stepEnd}, and the validation pass. */
    default void epochEnd(EpochReport report) {}

    /**
     * After {@link #stepEnd}, or after {@link #epochEnd} where an epoch ended: no gradient is outstanding and every
     * listener has seen the position, so the state may be saved.
     */
    default void safePoint(Step position) {}

    /** True to end training before the next batch. */
    default boolean stops() {
        return false;
    }

    /** Adds what this listener remembers to a checkpoint. */
    default void save(Snapshot.Builder snapshot) {}

    /** Takes over what {@link #save} wrote. */
    default void restore(Snapshot snapshot) {}
}
