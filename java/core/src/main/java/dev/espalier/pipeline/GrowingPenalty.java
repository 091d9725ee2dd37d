package dev.espalier.pipeline;

import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.Step;
import dev.espalier.train.TrainingState;

/** Pulls what was chosen to go towards zero by a growing penalty, and removes it when the penalty has reached its ceiling. */
final class GrowingPenalty implements PruningInFit {
    private final RunState run;
    private final Course.Growing course;
    private final double target;
    private final FitSetting setting;

    GrowingPenalty(RunState run, PruningRecipe recipe, Course.Growing course, FitSetting setting) {
        this.run = run;
        this.course = course;
        this.target = recipe.policy().budget().target();
        this.setting = setting;
    }

    @Override
    public void begin() {
        run.doom(target, setting.evidence());
    }

    @Override
    public void gradientsReady(TrainingState state) {
        double factor = course.growth().at(setting.progress(state.position()), course.ceiling());
        if (factor == 0) {
            return;
        }
        try (Grad off = Grad.disabled();
                Scope scope = Scope.open()) {
            run.doomed().forEach((name, kept) -> {
                Tensor parameter = state.parameters().get(name);
                Tensor gradient = parameter == null ? null : parameter.grad();
                if (parameter != null && gradient != null) {
                    Tensor nothing = Tensor.full(0, parameter.dtype(), parameter.device());
                    gradient.addInPlace(nothing.where(kept.unpack(), parameter), factor);
                }
            });
        }
    }

    @Override
    public void safePoint(Step position) {
        if (course.growth().over(setting.progress(position))) {
            finish();
        }
    }

    @Override
    public boolean stops() {
        return run.target() >= target;
    }

    @Override
    public void finish() {
        if (run.target() < target) {
            run.pruneDoomed(target);
            setting.forget();
        }
    }
}
