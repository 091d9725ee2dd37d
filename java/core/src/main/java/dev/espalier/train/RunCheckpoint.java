package dev.espalier.train;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/** Collects the state of a run into a snapshot, and rebuilds it from one after checking that it is the same run. */
public final class RunCheckpoint {
    private static final String FORMAT = "format";
    private static final String VERSION = "espalier-checkpoint-1";
    private static final String IDENTITY = "identity/";

    private final GraphCodec codec;
    private final Map<String, String> identity;

    /**
     * A run is the same if all of {@code identity} is: names such as "recipe" or "data" against hashes of what they name.
     */
    public RunCheckpoint(GraphCodec codec, Map<String, String> identity) {
        this.codec = codec;
        this.identity = Map.copyOf(identity);
    }

    /** The state of a run; its tensors are borrowed from the state, or belong to the open scope. */
    public Snapshot capture(TrainingState state, List<Listener> listeners, Map<String, String> facts) {
        Snapshot.Builder snapshot = new Snapshot.Builder();
        snapshot.fact(FORMAT, VERSION);
        identity.forEach((name, hash) -> snapshot.fact(IDENTITY + name, hash));
        facts.forEach(snapshot::fact);
        byte[] graph = codec.encode(state.graph());
        snapshot.tensor("graph", Tensor.of(graph, graph.length));
        state.save(snapshot);
        listeners.forEach(listener -> listener.save(snapshot));
        return snapshot.build();
    }

    /** Refuses a snapshot of another run by naming what differs. */
    public void verify(Snapshot snapshot) {
        if (!snapshot.hasFact(FORMAT) || !snapshot.fact(FORMAT).equals(VERSION)) {
            throw new EspalierException("the checkpoint is not of the format " + VERSION + "; start the run anew");
        }
        identity.forEach((name, hash) -> {
            String saved = snapshot.fact(IDENTITY + name);
            if (!saved.equals(hash)) {
                throw new EspalierException(
                        "the checkpoint was made with another " + name + " (it has " + brief(saved) + ", this run has "
                                + brief(hash) + "); resume with the same " + name + " or start the run anew");
            }
        });
    }

    private static String brief(String hash) {
        return hash.length() > 12 ? hash.substring(0, 12) : hash;
    }

    /** Rebuilds the training state and the process's random numbers; {@code recipe} is that of the saved stage. */
    public TrainingState restore(Snapshot snapshot, OptimizerRecipe recipe, Device device) {
        verify(snapshot);
        Graph graph = codec.decode(snapshot.tensor("graph").toBytes());
        return TrainingState.restored(snapshot, graph, recipe, device);
    }
}
