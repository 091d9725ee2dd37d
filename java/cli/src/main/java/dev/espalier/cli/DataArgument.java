package dev.espalier.cli;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.check.Subject;
import dev.espalier.manifest.table.TableOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** The data set that a subcommand looks through. */
final class DataArgument {
    @Parameters(
            paramLabel = "DATA",
            description =
                    "What train --data takes: a folder of labelled images or sounds, a manifest as a table, or the YAML"
                            + " file that describes one.")
    private Path data = Path.of("");

    Path path() {
        return data;
    }

    /** Opens it, telling the console what is found out. */
    Subject open(Console console) {
        if (Files.isDirectory(data)) {
            return folder();
        }
        if (!Files.exists(data)) {
            throw new BadInput(
                    "data " + data + ": expected a folder, a table or a YAML file, got nothing; check the path");
        }
        List<Skipped> unusable = new ArrayList<>();
        DataListener listener = new DataListener() {
            @Override
            public void note(String message) {
                console.err().println(message);
            }

            @Override
            public void skipped(Skipped row) {
                unusable.add(row);
            }
        };
        return Subject.rows(new ManifestData(data, List.of(), OnCorrupt.SKIP, listener).manifest(), unusable);
    }

    /** Images, or sounds where there are no images. */
    private Subject folder() {
        try {
            return Subject.images(data);
        } catch (DataException noImages) {
            try {
                return Subject.rows(Manifest.open(data, TableOptions.defaults()), List.of());
            } catch (DataException noSounds) {
                throw noImages;
            }
        }
    }

    /** Shows how far looking through has come. */
    static final class Looking implements DataListener, AutoCloseable {
        private final Console console;
        private @Nullable Progress progress;
        private String split = "";

        Looking(Console console) {
            this.console = console;
        }

        @Override
        public void decoded(String of, int done, int total) {
            if (progress == null || !split.equals(of)) {
                close();
                split = of;
                progress = Progress.start(console, "looking through " + of, total);
            }
            progress.at(done);
        }

        @Override
        public void close() {
            if (progress != null) {
                progress.close();
                progress = null;
            }
        }
    }
}
