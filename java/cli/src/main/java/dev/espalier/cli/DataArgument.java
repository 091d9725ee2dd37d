package dev.espalier.cli;

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
            return Manifest.isAt(data)
                    ? Subject.rows(Manifest.open(data, TableOptions.defaults()), List.of())
                    : Subject.images(data);
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
}
