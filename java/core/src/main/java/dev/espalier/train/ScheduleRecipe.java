package dev.espalier.train;

/** The learning rate over time, as a factor on the optimiser's rate; warm-up and steps are counted in epochs. */
public record ScheduleRecipe(
        Kind kind, double warmupEpochs, double finalFactor, double peakShare, int stepEpochs, double stepFactor) {
    /** The one-cycle policy starts at the peak rate divided by this (Smith and Topin, "Super-convergence", 2018). */
    private static final double ONE_CYCLE_START = 1.0 / 25;

    /** The shapes of a schedule. */
    public enum Kind {
        CONSTANT,
        /** Half a cosine from 1 down to the final factor (Loshchilov and Hutter, "SGDR", 2017, one period). */
        COSINE,
        /** Multiplied by the step factor after every so many epochs. */
        STEP,
        /** Half a cosine up to the peak, half a cosine down to the final factor. */
        ONECYCLE
    }

    public ScheduleRecipe {
        Bounds.atLeast("warmup-epochs", warmupEpochs, 0);
        Bounds.within("final-factor", finalFactor, 0, 1);
        Bounds.within("peak-share", peakShare, 0, 1);
        Bounds.atLeast("step-epochs", stepEpochs, 1);
        Bounds.positive("step-factor", stepFactor);
        if (kind == Kind.ONECYCLE && warmupEpochs > 0) {
            throw new IllegalArgumentException(
                    "onecycle warms up by itself; set warmup-epochs to 0, got " + warmupEpochs);
        }
    }

    /**
     * The factor for the update that follows {@code step}, in a run of {@code epochs} epochs of {@code perEpoch} batches.
     * Linear warm-up reaches factor 1 with its last batch; cosine begins after it.
     */
    public double factor(Step step, int epochs, int perEpoch) {
        double warmup = Math.rint(warmupEpochs * perEpoch);
        double done = step.total(perEpoch);
        if (done < warmup) {
            return (done + 1) / warmup;
        }
        // The last update uses the final factor itself.
        double length = Math.max(1, (double) epochs * perEpoch - warmup - 1);
        double progress = Math.min(1, (done - warmup) / length);
        return switch (kind) {
            case CONSTANT -> 1;
            case COSINE -> halfCosine(1, finalFactor, progress);
            case STEP -> Math.pow(stepFactor, Math.floorDiv(step.epoch(), stepEpochs));
            case ONECYCLE ->
                progress < peakShare
                        ? halfCosine(ONE_CYCLE_START, 1, progress / peakShare)
                        : halfCosine(1, finalFactor, (progress - peakShare) / (1 - peakShare));
        };
    }

    private static double halfCosine(double from, double to, double progress) {
        return to + (from - to) * (1 + Math.cos(Math.PI * progress)) / 2;
    }
}
