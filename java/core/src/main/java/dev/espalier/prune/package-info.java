/**
 * Which channels and weights a network can lose, and the smaller network without them.
 *
 * <p>{@link dev.espalier.prune.ChannelGroups} traces a graph: it runs once on channel ids instead of numbers, every operator's rule
 * moves the ids as the operator moves data and unifies those that it pairs. {@link dev.espalier.prune.Pruner} is a pure step from a
 * {@link dev.espalier.prune.Mask} to a narrower one that meets a {@link dev.espalier.prune.Budget};
 * {@link dev.espalier.prune.ExplicitKeep} makes a mask from indices that somebody has chosen.
 * {@link dev.espalier.prune.MaskedWeights} zeroes what a mask removes, {@link dev.espalier.prune.Compaction} cuts it off and proves
 * that the smaller model computes the same. {@link dev.espalier.prune.Layers} finds the branches that can go whole, by what serves what;
 * {@link dev.espalier.prune.VocabularyCut} takes rows out of an embedding.
 *
 * <h2>A residual group, worked through</h2>
 *
 * <pre>{@code
 *            ┌── conv2 [10,8,3,3] ─ norm2 ─ relu ─ conv3 [8,10,3,3] ─ norm3 ──┐
 * conv1 ─ norm1 ─ relu ───────────────────────────────────────────────────── add ─ relu ─ conv4 [6,8,3,3]
 * [8,3,3,3]
 * }</pre>
 *
 * <p>Every axis of every parameter starts with ids of its own. {@code conv1} gives its output the ids a0…a7 of its weight's axis 0 and
 * calls them produced; {@code norm1} unifies them with those of its scale, bias, mean and variance; {@code relu} passes them on.
 * {@code conv2} unifies them with its weight's axis 1 and produces b0…b9. {@code conv3} reads b0…b9 on axis 1 and produces c0…c7.
 * {@code add} pairs c0…c7 with a0…a7: from here on they are the same eight channels. {@code conv4} reads them on its axis 1.
 *
 * <p>The classes of ids that share the same places form two groups. {@code "conv1+conv3"} has 8 channels with the members conv1.weight
 * axis 0, norm1.*, conv2.weight axis 1, conv3.weight axis 0, norm3.*, conv4.weight axis 1: channel 5 leaves all of them or none.
 * {@code "conv2"} has 10 channels with the members conv2.weight axis 0, norm2.*, conv3.weight axis 1, and can be pruned freely. If a
 * node that mixes channels, such as Softmax over axis 1, read the sum, it would freeze the first group and name itself as the reason;
 * the second would stay prunable.
 */
@NullMarked
package dev.espalier.prune;

import org.jspecify.annotations.NullMarked;
