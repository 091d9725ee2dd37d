/** Texts as numbers: texts split into tokens, tokens known by their ids, ids cut and padded to one length. */
@NullMarked
package dev.espalier.manifest.text;

import org.jspecify.annotations.NullMarked;
