/** Data sets that mix images, sounds, texts and table columns: listed in one file, encoded for models, read as batches. */
@NullMarked
package dev.espalier.manifest;

import org.jspecify.annotations.NullMarked;
