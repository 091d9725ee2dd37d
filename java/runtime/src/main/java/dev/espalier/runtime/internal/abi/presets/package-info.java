/** How the binding to the native library is generated. */
@NullMarked
package dev.espalier.runtime.internal.abi.presets;

import org.jspecify.annotations.NullMarked;
