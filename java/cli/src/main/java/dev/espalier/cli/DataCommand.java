package dev.espalier.cli;

import picocli.CommandLine.Command;

/** What concerns data alone; it holds the subcommands that do the work. */
@Command(
        name = "data",
        description = "Fetch well-known data sets, look data sets through, and tidy up what is kept of them.",
        subcommands = {DataFetchCommand.class, DataCheckCommand.class, DataStatsCommand.class, DataCacheCommand.class})
final class DataCommand extends Subcommand {
    DataCommand(Console console) {
        super(console);
    }

    @Override
    void run() {
        throw new BadInput("expected fetch, check, stats or cache, got none (see espalier data --help)");
    }
}
