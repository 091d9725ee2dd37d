/**
 * Training: recipes, optimisers, learning-rate schedules, the closed training loop with its listeners, evaluation, and
 * checkpoints from which a run resumes bit for bit.
 */
@NullMarked
package dev.espalier.train;

import org.jspecify.annotations.NullMarked;
