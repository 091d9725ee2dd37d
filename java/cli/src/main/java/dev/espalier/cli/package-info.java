/** The {@code espalier} command: one class per subcommand, facts on standard output, everything else on standard error. */
@NullMarked
package dev.espalier.cli;

import org.jspecify.annotations.NullMarked;
