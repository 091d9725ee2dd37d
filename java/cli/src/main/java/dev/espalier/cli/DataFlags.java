package dev.espalier.cli;

import dev.espalier.data.Answers;
import dev.espalier.data.DataOptions;
import dev.espalier.data.DataSets;
import dev.espalier.data.Datasets;
import dev.espalier.data.Decoding;
import dev.espalier.data.ImageSize;
import dev.espalier.data.ImageSource;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.data.Statistics;
import dev.espalier.data.Task;
import dev.espalier.graph.Graph;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.encode.Encoding;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Preprocessing;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Shape;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The labelled samples that a subcommand works on. */
final class DataFlags {
    @Option(
            names = "--data",
            paramLabel = "DIR|FILE",
            description = "Labelled images: train/<class>/*.jpg|png, CIFAR binary files or MNIST idx files;"
                    + " sounds: train/<class>/*.wav|flac; or a manifest: a table M.csv|jsonl|parquet with columns of images,"
                    + " sounds, texts and numbers, or its description M.yaml.")
    private @Nullable Path folder;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Where decoded images and encoded rows are kept (default: ~/.cache/espalier).")
    private @Nullable Path cache;

    @Option(
            names = "--on-corrupt",
            paramLabel = "skip|fail",
            defaultValue = "skip",
            description = "An image that cannot be decoded is named and left out, or refused (default: skip).")
    private OnCorrupt onCorrupt = OnCorrupt.SKIP;

    @Option(
            names = "--image-size",
            paramLabel = "HxW",
            converter = SizeConverter.class,
            description = "Resize every image to this size (default: all must have one size).")
    private @Nullable ImageSize size;

    @Option(
            names = "--columns",
            split = ",",
            paramLabel = "NAME",
            description = "Of a manifest, feed only these columns to the model (default: all that are inputs).")
    private List<String> columns = List.of();

    /** Whether a folder was given. */
    boolean given() {
        return folder != null;
    }

    /** The folder, which must have been given. */
    Path folder() {
        if (folder == null) {
            throw new BadInput("--data DIR is missing");
        }
        return folder;
    }

    /** Decodes and opens the splits, telling the console how it goes. */
    DataSets open(Console console, HeldOut held) {
        return open(console, held, Metadata.NONE);
    }

    /** As {@link #open(Console, HeldOut)}; rows of a manifest are encoded as the model that says this of itself takes them. */
    DataSets open(Console console, HeldOut held, Metadata metadata) {
        DataOptions defaults = DataOptions.defaults();
        DataOptions options = cache == null ? defaults : defaults.withCache(cache);
        if (Manifest.isAt(folder())) {
            try (DecodingProgress progress = new DecodingProgress(console)) {
                ManifestData manifest = new ManifestData(folder(), columns, onCorrupt, progress);
                return manifest.open(held, Encoding.of(metadata), options.cache());
            }
        }
        if (!columns.isEmpty()) {
            throw new BadInput("--columns names columns of a manifest, and " + folder() + " is a folder of images");
        }
        Decoding decoding = Decoding.defaults().withOnCorrupt(onCorrupt).withSize(size);
        try (DecodingProgress progress = new DecodingProgress(console)) {
            return Datasets.open(
                    folder(),
                    options.withDecoding(decoding)
                            .withValidation(held.fraction(), held.seed())
                            .withListener(progress));
        }
    }

    /**
     * The data as a model takes it, with the model's own means and deviations where it states some; refused if it cannot be fed with
     * it, and told of where its classes go by other names.
     */
    DataSets fitted(Console console, DataSets data, Model model) {
        Metadata metadata = model.metadata();
        check(data, metadata);
        check(data, model.graph());
        List<String> labels = metadata.labels();
        if (!labels.isEmpty() && !labels.equals(data.classes())) {
            console.err()
                    .println("the model's classes are " + labels + ", those of " + folder + " are " + data.classes()
                            + ": taken for each other in this order");
        }
        // A model that was made and never trained states the plain 0 to 1, which says nothing of weights that came from
        // elsewhere.
        boolean trained = metadata.provenance().facts().containsKey("data.fingerprint");
        return metadata.imagePreprocessing()
                .filter(own -> trained || !own.equals(Preprocessing.unit(own.input())))
                .map(own -> data.fedWith(new Statistics(own.mean(), own.std())))
                .orElse(data);
    }

    /** Refuses data of another task than the model's, if it states one. */
    private void check(DataSets data, Metadata metadata) {
        Task task = data.train().answers().task();
        String stated = metadata.extra().getOrDefault(Task.FACT, task.toString());
        if (Task.named(stated) != task) {
            throw new BadInput("the model was trained for " + stated + ", and the labels of " + folder + " are " + task
                    + "; describe the label in YAML with label: {kind: ...}, or take another model");
        }
    }

    /** Refuses data that a model cannot be fed with. */
    void check(DataSets data, Graph graph) {
        if (data.train() instanceof ImageSource images) {
            check(images, graph);
        } else {
            ManifestData.check(data, graph);
        }
        String name = graph.outputs().get(0);
        TensorType output = graph.type(name);
        Answers answers = data.train().answers();
        if (output.rank() != 2 || output.dim(1) != answers.outputs()) {
            throw new BadInput("the data in " + folder + " has "
                    + (answers.task() == Task.NUMBER ? "one number a sample" : answers.outputs() + " " + answers.task())
                    + ", but the model's output is " + output);
        }
        boolean shares = graph.producer(name)
                .filter(node -> node.op() instanceof Sigmoid)
                .isPresent();
        if (answers.task() == Task.LABELS && shares) {
            throw new BadInput("the model's output '" + name + "' is a Sigmoid's, and labels are judged by logits:"
                    + " take the model without that last operator");
        }
    }

    private void check(ImageSource images, Graph graph) {
        Shape image = images.imageShape();
        TensorType input = graph.inputs().values().iterator().next();
        boolean fits = graph.inputs().size() == 1 && input.rank() == 4;
        for (int i = 0; fits && i < 3; i++) {
            fits = input.dim(i + 1) == image.dim(i);
        }
        if (!fits) {
            throw new BadInput("the images in " + folder + " have shape " + image + ", but the model takes "
                    + graph.inputs() + (input.rank() == 4 ? "; --image-size resizes them" : ""));
        }
    }

    /** Tells of decoding on the console. */
    private static final class DecodingProgress extends SplitProgress {
        private final Console console;

        DecodingProgress(Console console) {
            super(console, "decoding");
            this.console = console;
        }

        @Override
        public void note(String message) {
            close();
            console.err().println(message);
        }

        @Override
        public void skipped(Skipped image) {
            close();
            console.err().println("skipped " + image.name() + ": " + image.reason());
        }
    }
}
