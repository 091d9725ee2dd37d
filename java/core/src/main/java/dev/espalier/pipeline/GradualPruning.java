package dev.espalier.pipeline;

import dev.espalier.prune.Schedule;
import dev.espalier.train.Step;

/** Prunes at the moments of a schedule; where the schedule falls, removed weights come back by their gradients. */
final class GradualPruning implements PruningInFit {
    private final RunState run;
    private final FitSetting setting;
    private final Schedule schedule;
    private final double target;

    GradualPruning(RunState run, PruningRecipe recipe, Schedule schedule, FitSetting setting) {
        this.run = run;
        this.setting = setting;
        this.schedule = schedule;
        this.target = recipe.policy().budget().target();
    }

    @Override
    public void safePoint(Step position) {
        double share = schedule.at(setting.progress(position), target);
        if (share > run.target()) {
            run.prune(share, setting.evidence(), line -> {});
            setting.forget();
        } else if (share < run.target()) {
            run.widen(share, setting.evidence());
            setting.forget();
        }
    }

    @Override
    public boolean stops() {
        return run.target() >= target
                && schedule.over(setting.progress(run.training().position()));
    }

    @Override
    public void finish() {
        if (run.target() < target) {
            run.prune(target, setting.evidence(), line -> {});
            setting.forget();
        }
    }
}
