/** Tables of text cells, read from CSV, TSV and JSON Lines files. */
@NullMarked
package dev.espalier.manifest.table;

import org.jspecify.annotations.NullMarked;
