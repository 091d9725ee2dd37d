package dev.espalier.manifest.check;

/**
 * Cells without a value.
 *
 * @param column whose cells they are
 * @param cells in it, missing ones included
 */
public record MissingFacts(String column, String split, long missing, long cells) {}
