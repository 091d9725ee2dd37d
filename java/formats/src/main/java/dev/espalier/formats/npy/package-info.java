/** NumPy's array file, versions 1 to 3. */
@NullMarked
package dev.espalier.formats.npy;

import org.jspecify.annotations.NullMarked;
