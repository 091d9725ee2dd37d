/** What tests of code that uses tensors need; wants JUnit Jupiter on the class path. */
@NullMarked
package dev.espalier.runtime.testing;

import org.jspecify.annotations.NullMarked;
