package dev.espalier.cli;

import picocli.CommandLine.Command;

/** What concerns data alone; it holds the subcommands that do the work. */
@Command(
        name = "data",
        description = "Fetch well-known data sets, and look data sets through.",
        subcommands = {DataFetchCommand.class, DataCheckCommand.class, DataStatsCommand.class})
final class DataCommand extends Subcommand {
    DataCommand(Console console) {
        super(console);
    }

    @Override
    void run() {
        throw new BadInput("expected fetch, check or stats, got none (see espalier data --help)");
    }
}
