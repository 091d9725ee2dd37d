package dev.espalier.cli;

import dev.espalier.formats.ModelFile;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A model in another format. */
@Command(
        name = "convert",
        description =
                "Write a model in another format: ONNX or Keras in, or an architecture by name with --weights or --seed; ONNX, TorchScript or"
                        + " weights as safetensors out.")
final class ConvertCommand extends Subcommand {
    @Parameters(index = "0", paramLabel = "IN", description = "An ONNX or Keras file, or the name of an architecture.")
    private String in = "";

    @Parameters(index = "1", paramLabel = "OUT", description = "The file to write: .onnx, .pt or .safetensors.")
    private Path out = Path.of("");

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "Weights to use instead of the model's own: .safetensors, or a state_dict (.pt, .pth).")
    private @Nullable Path weights;

    @Mixin
    private ArchitectureFlags architecture = new ArchitectureFlags();

    ConvertCommand(Console console) {
        super(console);
    }

    /** Sizes that an architecture is built for. */
    static final class ArchitectureFlags {
        @Option(
                names = {"--sample", "--image"},
                split = ",",
                paramLabel = "C,H,W",
                description =
                        "Shape of an architecture's samples: channels, height and width of images or spectrograms,"
                                + " words of texts, columns of tables (default: one that fits the architecture).")
        private long[] sample = {};

        @Option(
                names = "--seed",
                paramLabel = "N",
                description = "Draw fresh weights for an architecture from this seed, instead of --weights.")
        private @Nullable Long seed;

        @Option(names = "--classes", paramLabel = "N", description = "Classes of an architecture (default: 10).")
        private int classes = 10;

        @Option(names = "--width", paramLabel = "F", description = "Factor on an architecture's channels (default: 1).")
        private double width = 1;
    }

    /** The facts, in the form of the JSON output. */
    record Facts(String in, String out, int nodes, long parameters) {}

    @Override
    void run() {
        try (Model model = model()) {
            ModelFile.write(model, out);
            Facts facts = new Facts(
                    in,
                    out.toString(),
                    model.graph().nodes().size(),
                    model.graph().parameterCount());
            json.print(
                    console,
                    facts,
                    () -> console.out()
                            .println(out + ": " + facts.nodes() + " nodes, " + facts.parameters() + " parameters"));
        }
    }

    private Model model() {
        if (Models.names().contains(in)) {
            return built();
        }
        return weights == null ? ModelFile.read(Path.of(in)) : ModelFile.read(Path.of(in), weights);
    }

    private Model built() {
        Long seed = architecture.seed;
        if ((weights == null) == (seed == null)) {
            throw new BadInput(
                    "'" + in + "' is an architecture, which has no weights of its own; give them with --weights,"
                            + " or a --seed to draw fresh ones");
        }
        Shape sample = Shape.of(architecture.sample);
        if (architecture.sample.length == 0) {
            sample = Models.exampleSample(in);
        } else if (Arrays.stream(architecture.sample).anyMatch(size -> size < 1)
                || sample.rank() != Models.exampleSample(in).rank()) {
            throw new BadInput("--sample of '" + in + "' must be sizes such as " + Models.exampleSample(in) + ", got "
                    + Arrays.toString(architecture.sample));
        }
        Model fresh = Models.create(in, sample, architecture.classes, architecture.width, seed == null ? 0 : seed);
        if (weights == null) {
            return fresh;
        }
        try (fresh) {
            return ModelFile.withWeights(fresh, weights);
        }
    }
}
