/** From cells to the numbers that models are fed with: encoders learnt from training rows, stored rows, batches. */
@NullMarked
package dev.espalier.manifest.encode;

import org.jspecify.annotations.NullMarked;
