package dev.espalier.pipeline;

import dev.espalier.train.Step;

/** Removes the target before the first batch and exchanges kept weights for others while the fit trains. */
final class DynamicSparsity implements PruningInFit {
    private final RunState run;
    private final Course.Dynamic course;
    private final double target;
    private final FitSetting setting;

    DynamicSparsity(RunState run, PruningRecipe recipe, Course.Dynamic course, FitSetting setting) {
        this.run = run;
        this.course = course;
        this.target = recipe.policy().budget().target();
        this.setting = setting;
    }

    @Override
    public void begin() {
        run.prune(target, setting.evidence(), line -> {});
    }

    @Override
    public void safePoint(Step position) {
        double progress = setting.progress(position);
        long moment = (long) Math.floor(progress / course.every() + 1e-9);
        double share = course.share(progress);
        if (moment > run.exchanges() && share > 0) {
            run.exchange(share, course.byGradient(), moment, setting.evidence());
            setting.forget();
        }
    }

    @Override
    public boolean stops() {
        return setting.progress(run.training().position()) >= course.end();
    }

    @Override
    public void finish() {}
}
