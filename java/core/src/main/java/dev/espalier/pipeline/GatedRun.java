package dev.espalier.pipeline;

import dev.espalier.data.DataException;
import dev.espalier.model.Model;
import dev.espalier.prune.PruningException;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Carries out a plan of pruning, and again with a smaller target where a slice of the validation samples loses too much. */
public final class GatedRun {
    private final Model dense;
    private final RunPlan plan;
    private final SliceGate gate;
    private final Consumer<String> told;

    private GatedRun(Model dense, RunPlan plan, SliceGate gate, Consumer<String> told) {
        this.dense = dense;
        this.plan = plan;
        this.gate = gate;
        this.told = told;
    }

    /**
     * Runs until no slice loses more than the gate allows.
     *
     * @param plan prunes a model that is already trained
     * @param settings what the run of each retry works with, the first one's by 0: the same data, checkpoints of its own
     * @param told hears of each breach
     * @throws PruningException if the last retry still breaches the gate, naming the slices
     */
    public static RunOutcome run(
            Model dense, RunPlan plan, IntFunction<RunSetting> settings, SliceGate gate, Consumer<String> told) {
        if (plan.training().isPresent() || plan.pruning().isEmpty()) {
            throw new IllegalArgumentException("a gate compares with a trained model: give a plan that prunes one");
        }
        return new GatedRun(dense, plan, gate, told).run(settings);
    }

    private RunOutcome run(IntFunction<RunSetting> settings) {
        double target = plan.pruning().orElseThrow().policy().budget().target();
        if (settings.apply(0).validation().isEmpty()) {
            throw new DataException(
                    "slices are compared on a validation split, and this data has none; hold a share out with"
                            + " validation-fraction above 0");
        }
        List<String> breaches = List.of();
        for (int retry = 0; retry <= gate.retries(); retry++) {
            double tried = gate.target(target, retry);
            RunSetting setting = settings.apply(retry);
            RunOutcome outcome = PruningRun.run(dense, plan.withTarget(tried), setting);
            List<SliceStep> steps = outcome.steps();
            breaches = gate.breaches(
                    steps.get(0).slices(), steps.get(steps.size() - 1).slices());
            if (breaches.isEmpty()) {
                return outcome;
            }
            outcome.close();
            String then = retry < gate.retries()
                    ? String.format(Locale.ROOT, "; trying again with a target of %.4g", gate.target(target, retry + 1))
                    : "";
            told.accept(String.format(Locale.ROOT, "target %.4g: slice ", tried) + breaches.get(0) + then);
        }
        throw new PruningException(String.format(
                Locale.ROOT,
                "slices of the validation split lost more than %s points, and so they did at each of %d targets down to"
                        + " %.4g: %s; lower the target, fine-tune longer, or allow more",
                gate.mostPoints(),
                gate.retries() + 1,
                gate.target(target, gate.retries()),
                String.join(", ", breaches)));
    }
}
