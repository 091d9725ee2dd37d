/** What the readers and writers of all file formats share: their errors and the atomic write. */
@NullMarked
package dev.espalier.formats;

import org.jspecify.annotations.NullMarked;
