/** A run shown in a browser while it goes on: what is remembered of it, and the server that tells it. */
@NullMarked
package dev.espalier.cli.watch;

import org.jspecify.annotations.NullMarked;
