package dev.espalier.cli;

import dev.espalier.pipeline.SliceGate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What pruning may cost any slice of the validation samples. */
final class GateFlags {
    @Option(
            names = "--max-slice-drop",
            paramLabel = "POINTS",
            description =
                    "Prune less where any slice of the validation samples (a class, a group, a modality) loses more than so"
                            + " many points of accuracy; needs --data.")
    private @Nullable Double points;

    @Option(
            names = "--slice-samples",
            paramLabel = "N",
            defaultValue = "100",
            description = "Slices of fewer samples are not looked at by --max-slice-drop (default: 100).")
    private int samples;

    @Option(
            names = "--slice-retries",
            paramLabel = "N",
            defaultValue = "3",
            description = "How often --max-slice-drop tries again with three quarters of the target before it stops;"
                    + " 0 stops at once (default: 3).")
    private int retries;

    /** The gate, if one was asked for. */
    Optional<SliceGate> asked() {
        if (points == null) {
            return Optional.empty();
        }
        if (!(points >= 0) || samples < 1 || retries < 0) {
            throw new BadInput(
                    "--max-slice-drop must be at least 0, --slice-samples at least 1 and --slice-retries at least 0,"
                            + " got " + points + ", " + samples + " and " + retries);
        }
        return Optional.of(new SliceGate(points, samples, retries));
    }
}
