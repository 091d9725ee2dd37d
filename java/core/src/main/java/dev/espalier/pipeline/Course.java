package dev.espalier.pipeline;

import dev.espalier.prune.PruningException;
import dev.espalier.prune.Schedule;

/** How pruning and training take turns until the target is met. */
public sealed interface Course {
    /** Whether pruning happens within a fit, and not between fits. */
    boolean duringFit();

    /** The target follows a schedule: within a fit if gradual, else in rounds of pruning and fine-tuning. */
    record Scheduled(Schedule schedule) implements Course {
        @Override
        public boolean duringFit() {
            return !(schedule instanceof Schedule.Iterative);
        }
    }

    /**
     * Sparse from the first step on: the target is removed before training, and until {@code end} a share of the kept weights, from
     * {@code fraction} down to 0 as half a cosine, is exchanged for others at moments that are {@code every} apart.
     *
     * @param byGradient weights that come back are those of the largest gradient, else any
     */
    record Dynamic(boolean byGradient, double fraction, double end, double every) implements Course {
        public Dynamic {
            check(fraction >= 0 && fraction <= 1, "drop-fraction must be from 0 to 1, got " + fraction);
            check(
                    end > 0 && end <= 1 && every > 0 && every <= end,
                    "dynamic sparse training needs 0 < every <= end <= 1, got every " + every + ", end " + end);
        }

        @Override
        public boolean duringFit() {
            return true;
        }

        /** The share to exchange at this progress. */
        double share(double progress) {
            return progress >= end ? 0 : fraction / 2 * (1 + Math.cos(Math.PI * progress / end));
        }
    }

    /**
     * What is to go is chosen at first and penalised more and more, until it is removed at the end (Wang et al., "Neural pruning via
     * growing regularization", 2021).
     *
     * @param growth of the factor of half the sum of squares, from 0 to {@code ceiling}
     */
    record Growing(Schedule growth, double ceiling) implements Course {
        public Growing {
            check(ceiling > 0, "penalty-ceiling must be greater than 0, got " + ceiling);
        }

        @Override
        public boolean duringFit() {
            return true;
        }
    }

    /**
     * Rounds of training, removing and going back: what is kept has the values of an early step again, and is trained from there
     * (Frankle et al., "Stabilizing the lottery ticket hypothesis", 2019).
     *
     * @param epochs of the first training before its values are remembered
     */
    record Lottery(int rounds, double epochs) implements Course {
        public Lottery {
            check(rounds >= 1, "a lottery needs at least 1 round, got " + rounds);
            check(epochs >= 0, "rewind-epochs must be at least 0, got " + epochs);
        }

        @Override
        public boolean duringFit() {
            return false;
        }

        /** The share removed by round {@code round} of all, counted from 1: each removes the same share of what is left. */
        double share(int round, double target) {
            return round == rounds ? target : 1 - Math.pow(1 - target, (double) round / rounds);
        }
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            throw new PruningException(message);
        }
    }
}
