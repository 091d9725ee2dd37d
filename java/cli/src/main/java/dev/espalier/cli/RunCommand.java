package dev.espalier.cli;

import dev.espalier.formats.StorageException;
import dev.espalier.formats.npy.Npy;
import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a model once on arrays from files. */
@Command(name = "run", description = "Run a model on npy files and write one npy file per output.")
final class RunCommand extends Subcommand {
    @Mixin
    private DeviceOption device = new DeviceOption();

    @Mixin
    private ModelArgument model = new ModelArgument();

    @Option(
            names = "--input",
            required = true,
            paramLabel = "NAME=x.npy",
            description = "An input of the graph with the array to feed; once per input.")
    private Map<String, Path> inputs = new LinkedHashMap<>();

    @Option(
            names = "--output-dir",
            required = true,
            paramLabel = "DIR",
            description = "Folder for the outputs; made if it does not exist.")
    private Path outputDir = Path.of("");

    RunCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(List<OutputFacts> outputs) {}

    /** One output with the file that holds it. */
    record OutputFacts(String name, String type, List<Long> shape, String file) {}

    @Override
    void run() {
        Device chosen = device.device();
        Facts facts;
        try (Model read = model.read();
                Scope scope = Scope.open()) {
            Map<String, Tensor> fed = feed(read.graph(), chosen);
            try (Session session = Session.of(read, chosen)) {
                facts = write(session.run(fed));
            }
        }
        json.print(
                console,
                facts,
                () -> facts.outputs()
                        .forEach(output -> console.out()
                                .println(output.name() + "  " + output.type() + " " + output.shape() + "  "
                                        + output.file())));
    }

    private Map<String, Tensor> feed(Graph graph, Device on) {
        for (String name : inputs.keySet()) {
            if (!graph.inputs().containsKey(name)) {
                throw new BadInput("--input names '" + name + "', but the inputs of " + model.file() + " are "
                        + graph.inputs().keySet());
            }
        }
        Map<String, Tensor> fed = new LinkedHashMap<>();
        graph.inputs().forEach((name, type) -> {
            Path file = inputs.get(name);
            if (file == null) {
                throw new BadInput("input '" + name + "' of " + model.file() + " is not given; add --input " + name
                        + "=FILE.npy with " + type);
            }
            Tensor array = Npy.read(file);
            check(name, type, file, array);
            fed.put(name, array.to(on));
        });
        return fed;
    }

    private static void check(String name, TensorType type, Path file, Tensor array) {
        boolean fits = array.dtype() == type.dtype() && array.rank() == type.rank();
        for (int i = 0; fits && i < array.rank(); i++) {
            fits = type.dim(i) == -1 ? array.size(i) > 0 : type.dim(i) == array.size(i);
        }
        if (!fits) {
            throw new BadInput("input '" + name + "' expects " + type + " (-1 is the batch), but " + file + " holds "
                    + array.dtype() + array.shape());
        }
    }

    private Facts write(Map<String, Tensor> outputs) {
        try {
            Files.createDirectories(outputDir);
        } catch (IOException e) {
            throw StorageException.writing(outputDir, e);
        }
        List<OutputFacts> written = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        outputs.forEach((name, tensor) -> {
            Path file = outputDir.resolve(fileName(name, taken));
            Npy.write(file, tensor);
            written.add(new OutputFacts(name, tensor.dtype().name(), dims(tensor), file.toString()));
        });
        return new Facts(written);
    }

    private static List<Long> dims(Tensor tensor) {
        return Arrays.stream(tensor.shape().toArray()).boxed().toList();
    }

    /** The output's own name; a slash, which no file name may hold, becomes an underscore. */
    private static String fileName(String output, Set<String> taken) {
        String name = output.replace('/', '_');
        while (!taken.add(name)) {
            name += "_";
        }
        return name + ".npy";
    }
}
