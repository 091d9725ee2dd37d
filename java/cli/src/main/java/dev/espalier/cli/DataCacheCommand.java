package dev.espalier.cli;

import dev.espalier.data.CacheEntry;
import dev.espalier.data.DataOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What the cache folder holds, and the end of what is no longer used. */
@Command(
        name = "cache",
        description = "Show what is kept of decoded images and encoded rows, the longest unused first, and delete what"
                + " has not been used for some days; it is made again when it is wanted.")
final class DataCacheCommand extends Subcommand {
    @Option(names = "--cache", paramLabel = "DIR", description = "The folder to look at (default: ~/.cache/espalier).")
    private Path cache = DataOptions.defaults().cache();

    @Option(
            names = "--delete-unused-for",
            paramLabel = "DAYS",
            description = "Delete what has not been opened for so many days; 0 deletes all.")
    private @Nullable Double days;

    DataCacheCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(String cache, long bytes, List<Entry> entries) {}

    /** One entry. */
    record Entry(String name, long bytes, Instant used, boolean deleted) {}

    @Override
    void run() {
        Instant before = before();
        List<Entry> entries = new ArrayList<>();
        for (CacheEntry entry : CacheEntry.in(cache)) {
            boolean deleted = before != null && !entry.used().isAfter(before) && entry.delete();
            entries.add(new Entry(entry.place().getFileName().toString(), entry.bytes(), entry.used(), deleted));
        }
        long kept = entries.stream()
                .filter(entry -> !entry.deleted())
                .mapToLong(Entry::bytes)
                .sum();
        Facts facts = new Facts(cache.toString(), kept, entries);
        json.print(console, facts, () -> print(facts));
    }

    private @Nullable Instant before() {
        if (days == null) {
            return null;
        }
        if (!(days >= 0 && days <= 36_500)) {
            throw new BadInput("--delete-unused-for takes days from 0 to 36500, got " + days);
        }
        return Instant.now().minus(Duration.ofSeconds(Math.round(days * 86_400)));
    }

    private void print(Facts facts) {
        Table table = new Table().row("entry", "bytes", "last used", "");
        for (Entry entry : facts.entries()) {
            table.row(
                    entry.name(),
                    entry.bytes(),
                    entry.used().truncatedTo(ChronoUnit.SECONDS),
                    entry.deleted() ? "deleted" : "");
        }
        table.row("kept in " + facts.cache(), facts.bytes(), "", "").print(console.out());
    }
}
