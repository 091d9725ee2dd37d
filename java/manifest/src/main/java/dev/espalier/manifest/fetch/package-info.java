/** Well-known data sets: where they are, how they are checked, and how they get from there to a folder. */
@NullMarked
package dev.espalier.manifest.fetch;

import org.jspecify.annotations.NullMarked;
