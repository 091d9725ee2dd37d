/** Named tensors as safetensors files, with the checkpoints that are kept in them. */
@NullMarked
package dev.espalier.formats.safetensors;

import org.jspecify.annotations.NullMarked;
