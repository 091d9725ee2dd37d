package dev.espalier.formats.hostile;

import java.util.Random;

/** One way to damage a file of a certain format. */
@FunctionalInterface
interface Edit {
    /** A damaged copy of {@code file}, chosen by {@code random}; the file itself stays as it is. */
    byte[] apply(byte[] file, Random random);
}
