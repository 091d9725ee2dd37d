/** Data sets looked through before they are learnt from: what is wrong with them, and what they are like. */
@NullMarked
package dev.espalier.manifest.check;

import org.jspecify.annotations.NullMarked;
