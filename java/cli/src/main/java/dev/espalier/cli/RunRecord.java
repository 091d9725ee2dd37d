package dev.espalier.cli;

import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.StorageException;
import dev.espalier.report.RunReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run writes about itself for reports: {@value #FILE} in its folder.
 *
 * <p>A figure that is not finite is the string "NaN", "Infinity" or "-Infinity".
 *
 * @param version of the file's form; this program reads and writes {@value #VERSION}
 * @param report everything that the run can tell
 */
record RunRecord(int version, RunReport report) {
    static final String FILE = "run.json";

    private static final int VERSION = 2;
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    RunRecord {
        if (version != VERSION) {
            throw new IllegalArgumentException(
                    "the record has version " + version + ", this program reads version " + VERSION);
        }
    }

    /** Writes the record of a finished run into its folder. */
    static void write(Path folder, RunReport report) {
        AtomicFile.write(folder.resolve(FILE), MAPPER.writeValueAsBytes(new RunRecord(VERSION, report)));
    }

    /** Reads the record of the finished run in {@code folder}. */
    static RunReport read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            throw new BadInput(missing(folder));
        }
        try {
            RunRecord read = MAPPER.readValue(Files.readAllBytes(file), RunRecord.class);
            if (read == null) {
                throw new BadInput(file + ": not the record of a run: it is null");
            }
            return read.report();
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        } catch (JacksonException e) {
            throw new BadInput(file + ": not the record of a run: " + e.getOriginalMessage(), e);
        }
    }

    private static String missing(Path folder) {
        if (!Files.isDirectory(folder)) {
            return folder + " is not the folder of a run; give the --run-dir of train or prune (default: OUT.onnx.run)";
        }
        if (Files.exists(folder.resolve("metrics.csv"))) {
            return folder + ": the run has not finished, so that there is no " + FILE
                    + "; go on with it by espalier train --resume";
        }
        return folder + " holds no " + FILE + "; train and prune --data write one into their --run-dir";
    }
}
