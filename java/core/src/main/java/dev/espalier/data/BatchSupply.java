package dev.espalier.data;

/** Gives out the batches of an epoch in order. */
public interface BatchSupply extends AutoCloseable {
    /** The batch; its tensors belong to the open scope of the calling thread. */
    Batch take(int batch);

    @Override
    void close();
}
