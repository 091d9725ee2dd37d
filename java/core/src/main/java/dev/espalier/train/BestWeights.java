package dev.espalier.train;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Remembers the tensors, in their moving average where one is kept, of the epoch that was best on the validation samples by
 * {@link EpochReport.Scores#judged}, of equals the one with the least loss, to end training with.
 */
public final class BestWeights implements Listener, AutoCloseable {
    private final TrainingState state;
    private Scope owner = Scope.owner("best weights");
    private final SortedMap<String, Tensor> tensors = new TreeMap<>();
    private double best = Double.NEGATIVE_INFINITY;
    private double loss = Double.POSITIVE_INFINITY;

    public BestWeights(TrainingState state) {
        this.state = state;
    }

    @Override
    public void epochEnd(EpochReport report) {
        EpochReport.Scores held = report.validation();
        if (held != null && (held.judged() > best || (held.judged() == best && held.loss() < loss))) {
            best = held.judged();
            loss = held.loss();
            remember(state.judged());
        }
    }

    /** Forgets what was remembered: after masks or shapes changed, earlier weights no longer count. */
    public void forget() {
        best = Double.NEGATIVE_INFINITY;
        loss = Double.POSITIVE_INFINITY;
        remember(new TreeMap<>());
    }

    private void remember(SortedMap<String, Tensor> values) {
        owner.close();
        owner = Scope.owner("best weights");
        tensors.clear();
        try (Scope scope = Scope.open()) {
            values.forEach((name, value) ->
                    tensors.put(name, owner.adopt(value.detach().copy())));
        }
    }

    /** Whether any epoch was validated. */
    public boolean isPresent() {
        return !tensors.isEmpty();
    }

    /** Puts the remembered tensors into the state, if any epoch was validated. */
    public void apply() {
        if (!tensors.isEmpty()) {
            state.load(tensors);
        }
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        snapshot.fact("best/accuracy", best).fact("best/loss", loss).tensors("best/", tensors);
    }

    @Override
    public void restore(Snapshot snapshot) {
        best = snapshot.real("best/accuracy");
        loss = snapshot.real("best/loss");
        remember(snapshot.tensorsUnder("best/"));
    }

    @Override
    public void close() {
        owner.close();
    }
}
