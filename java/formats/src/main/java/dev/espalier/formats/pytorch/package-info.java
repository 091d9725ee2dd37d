/** PyTorch's files: tensors out of a state_dict, read without running any of its code, and TorchScript programs. */
@NullMarked
package dev.espalier.formats.pytorch;

import org.jspecify.annotations.NullMarked;
