/**
 * Running graphs: {@link dev.espalier.plan.Execution} evaluates the nodes one after the other for training and inference alike;
 * a {@link dev.espalier.plan.Plan} pins a kernel to every node for one device and says why, and a
 * {@link dev.espalier.plan.Session} runs it from many threads.
 */
@NullMarked
package dev.espalier.plan;

import org.jspecify.annotations.NullMarked;
