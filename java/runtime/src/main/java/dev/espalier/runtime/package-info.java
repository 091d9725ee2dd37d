/** Tensors, the scopes that own them, devices and kernels: all of libtorch and of the native library that others see. */
@NullMarked
package dev.espalier.runtime;

import org.jspecify.annotations.NullMarked;
