package dev.espalier.train;

import java.util.Optional;

/** Where snapshots are kept durably. */
public interface CheckpointStore {
    /** Writes a snapshot; on return it survives a crash, and until then the previous one does. */
    void save(Snapshot snapshot);

    /** The newest snapshot that is whole; its tensors are on the CPU and belong to the calling thread's open scope. */
    Optional<Snapshot> latest();
}
