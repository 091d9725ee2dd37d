/** Models as Keras saves them, in both of its formats; the only place that knows HDF5. */
@NullMarked
package dev.espalier.formats.keras;

import org.jspecify.annotations.NullMarked;
