package dev.espalier.pipeline;

import dev.espalier.data.Batches;
import dev.espalier.prune.Schedule;
import dev.espalier.train.BestWeights;
import dev.espalier.train.EarlyStop;
import dev.espalier.train.Listener;
import dev.espalier.train.Step;

/** Prunes at the moments of a schedule while a fit runs, and stops the fit when the target is met, for compaction. */
final class GradualPruning implements Listener {
    private final RunState run;
    private final BestWeights best;
    private final EarlyStop stop;
    private final Schedule schedule;
    private final double target;
    private final Batches evidence;
    private final int perEpoch;
    private final double batches;

    GradualPruning(
            RunState run, PruningRecipe recipe, RunSetting setting, Stage.Fit fit, BestWeights best, EarlyStop stop) {
        this.run = run;
        this.best = best;
        this.stop = stop;
        this.schedule = recipe.schedule();
        this.target = recipe.policy().budget().target();
        this.evidence = setting.evidence();
        this.perEpoch = setting.training(fit.recipe()).perEpoch();
        this.batches = (double) perEpoch * fit.recipe().length().epochs();
    }

    @Override
    public void safePoint(Step position) {
        double share = schedule.at(position.total(perEpoch) / batches, target);
        if (share > run.target()) {
            run.prune(share, evidence, line -> {});
            best.forget();
            stop.forget();
        }
    }

    @Override
    public boolean stops() {
        return run.target() >= target;
    }
}
