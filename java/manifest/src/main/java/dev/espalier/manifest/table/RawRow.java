package dev.espalier.manifest.table;

import org.jspecify.annotations.Nullable;

/**
 * The text of one row, not yet cut into cells.
 *
 * @param line where it begins, from 1
 * @param text without its line end; empty if there is a fault
 * @param fault why the bytes are no row; null if they are one
 */
record RawRow(long line, String text, @Nullable String fault) {}
