package dev.espalier.cli;

import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.formats.onnx.OnnxGraphs;
import dev.espalier.formats.safetensors.SafetensorsCheckpoints;
import dev.espalier.model.Model;
import dev.espalier.pipeline.Checkpointing;
import dev.espalier.train.CheckpointPolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The folder of a run, from which a killed run goes on. */
final class RunFolder {
    private static final String LAST = "last.onnx";
    private static final int KEPT_CHECKPOINTS = 3;

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description =
                    "Where the run keeps its checkpoints, run.json, which report reads, last.onnx, the model of the last epoch where the best"
                            + " is written to OUT, and, of train, metrics.csv and events"
                            + " (default: OUT.onnx.run).")
    private @Nullable Path folder;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in the run's folder.")
    private boolean resume;

    @Option(
            names = "--checkpoint-seconds",
            paramLabel = "S",
            defaultValue = "60",
            description = "Save within an epoch after so many seconds; 0: at ends of epochs only (default: 60).")
    private double seconds;

    @Option(
            names = "--checkpoint-batches",
            paramLabel = "N",
            defaultValue = "0",
            description = "Save within an epoch after so many batches; 0: never (default: 0).")
    private long batches;

    /** The folder of the run that makes {@code output}. */
    Path of(OutputArgument output) {
        return folder == null ? Path.of(output.file() + ".run") : folder;
    }

    /** Whether a folder was named. */
    boolean given() {
        return folder != null;
    }

    /** Whether the run is to go on from a checkpoint. */
    boolean resumes() {
        return resume;
    }

    /** Refuses to forget an earlier run, or to go on with none, before any work is done. */
    void check(OutputArgument output) {
        policy();
        Path checkpoints = checkpoints(output);
        boolean earlier =
                Files.isDirectory(checkpoints) && new SafetensorsCheckpoints(checkpoints, KEPT_CHECKPOINTS).holdsAny();
        if (earlier && !resume) {
            throw new BadInput(checkpoints + " holds checkpoints of an earlier run; add --resume to go on with it,"
                    + " or choose another --run-dir");
        }
        if (!earlier && resume) {
            throw new BadInput("--resume: there is no checkpoint in " + checkpoints + "; leave --resume out to begin");
        }
    }

    /** Makes the folder; the record of an earlier run in it goes, for it no longer tells what is there. */
    Checkpointing open(OutputArgument output) {
        return open(output, 0);
    }

    /** As {@link #open(OutputArgument)}, with checkpoints of their own for each retry of what is not good enough. */
    Checkpointing open(OutputArgument output, int retry) {
        Path made = of(output);
        try {
            Files.createDirectories(made);
            Files.deleteIfExists(made.resolve(RunRecord.FILE));
        } catch (IOException e) {
            throw StorageException.writing(made, e);
        }
        return new Checkpointing(
                new SafetensorsCheckpoints(
                        retry == 0 ? checkpoints(output) : of(output).resolve("checkpoints-" + retry),
                        KEPT_CHECKPOINTS),
                new OnnxGraphs(),
                policy());
    }

    /** Writes a page into the folder, which is made if it does not exist; an earlier run in it stays. */
    Path page(OutputArgument output, String name, String html) {
        Path made = of(output);
        try {
            Files.createDirectories(made);
        } catch (IOException e) {
            throw StorageException.writing(made, e);
        }
        Path file = made.resolve(name);
        AtomicFile.write(file, html.getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /** Writes the model of a fit's last epoch beside the rest, where another epoch was best; one of an earlier run goes in any case. */
    void keepLast(OutputArgument output, Optional<Model> last) {
        Path file = of(output).resolve(LAST);
        if (last.isPresent()) {
            Onnx.write(last.get(), file);
            return;
        }
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw StorageException.writing(file, e);
        }
    }

    private CheckpointPolicy policy() {
        return new CheckpointPolicy(batches, seconds);
    }

    private Path checkpoints(OutputArgument output) {
        return of(output).resolve("checkpoints");
    }
}
