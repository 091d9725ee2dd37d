package dev.espalier.cli;

import dev.espalier.manifest.fetch.Fetch;
import dev.espalier.manifest.fetch.FetchOptions;
import dev.espalier.manifest.fetch.Fetched;
import dev.espalier.manifest.fetch.KnownSet;
import dev.espalier.manifest.fetch.KnownSets;
import dev.espalier.manifest.fetch.RemoteFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings a well-known data set to the disk, checked; a repeated command goes on where it stopped. */
@Command(
        name = "fetch",
        description = "Fetch a well-known data set and check it; what was cut off goes on, what is there stays.")
final class DataFetchCommand extends Subcommand {
    @Parameters(arity = "0..1", paramLabel = "NAME", description = "The data set; --list names them.")
    private @Nullable String name;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            description = "The folder that it goes to, made if need be (default: its name).")
    private @Nullable Path folder;

    @Option(
            names = "--from",
            paramLabel = "URL-PREFIX",
            description = "A mirror: an http or https address that the names of the files are put behind.")
    private @Nullable String mirror;

    @Option(names = "--list", description = "Show what can be fetched, from where, under which licence.")
    private boolean list;

    DataFetchCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(String name, String folder, List<Item> items, String licence, String layout) {}

    /** One file or unpacked folder and how it came to be there. */
    record Item(String name, String state, long bytes) {
        static Item of(Fetched.Item item) {
            return new Item(item.name(), item.state().name().toLowerCase(Locale.ROOT), item.bytes());
        }
    }

    /** What can be fetched. */
    record Offers(List<Offer> sets) {}

    /** One data set; {@code bytes} is what is known of its length. */
    record Offer(String name, String about, long bytes, List<Source> files, String licence, String layout) {
        static Offer of(KnownSet set) {
            return new Offer(
                    set.name(),
                    set.about(),
                    set.files().stream().mapToLong(RemoteFile::bytes).sum(),
                    set.files().stream().map(Source::of).toList(),
                    set.licence(),
                    set.layout());
        }
    }

    /** One file; {@code bytes} and {@code sha256} are left out where its publisher packs it anew. */
    record Source(
            String address, @Nullable Long bytes, @Nullable String sha256) {
        static Source of(RemoteFile file) {
            return new Source(
                    file.address().toString(),
                    file.bytes() == 0 ? null : file.bytes(),
                    file.sha256().map(sha256 -> sha256.hex()).orElse(null));
        }
    }

    @Override
    void run() {
        if (list) {
            Offers offers = new Offers(KnownSets.ALL.stream().map(Offer::of).toList());
            json.print(console, offers, () -> print(offers));
            return;
        }
        if (name == null) {
            throw new BadInput("expected the name of a data set, got none; --list names them");
        }
        KnownSet set = KnownSets.named(name);
        Path into = folder == null ? Path.of(set.name()) : folder;
        Fetched fetched;
        try (TransferProgress progress = new TransferProgress(console)) {
            FetchOptions options = FetchOptions.defaults().withListener(progress);
            fetched = new Fetch(mirror == null ? options : options.withMirror(mirror)).into(into, set);
        }
        Facts facts = new Facts(
                set.name(),
                fetched.folder().toString(),
                fetched.items().stream().map(Item::of).toList(),
                set.licence(),
                set.layout());
        json.print(console, facts, () -> print(facts));
    }

    private void print(Offers offers) {
        Table table = new Table().row("name", "MiB", "holds", "licence");
        offers.sets()
                .forEach(set -> table.row(
                        set.name(), set.bytes() == 0 ? "?" : (set.bytes() >> 20) + 1, set.about(), set.licence()));
        table.print(console.out());
    }

    private void print(Facts facts) {
        Table table = new Table().row("in " + facts.folder(), "bytes", "");
        facts.items().forEach(item -> table.row(item.name(), item.bytes(), item.state()));
        table.print(console.out());
        console.out().println("layout: " + facts.layout());
        console.out().println("licence: " + facts.licence());
    }
}
