/**
 * Runs from a model to a trained, pruned, smaller one: the one place where training and pruning meet, in stages that a
 * checkpoint can resume.
 */
@NullMarked
package dev.espalier.pipeline;

import org.jspecify.annotations.NullMarked;
