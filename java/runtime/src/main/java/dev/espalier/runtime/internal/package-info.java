/** The border: the only importers of the bindings to libtorch and to the native library. Not an API. */
@NullMarked
package dev.espalier.runtime.internal;

import org.jspecify.annotations.NullMarked;
