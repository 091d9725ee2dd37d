/** From files to normalised batches: reading, decoding, caching, splitting, ordering and augmenting labelled images. */
@NullMarked
package dev.espalier.data;

import org.jspecify.annotations.NullMarked;
