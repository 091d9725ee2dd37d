package dev.espalier.bench;

import dev.espalier.data.Augmentation;
import dev.espalier.data.Batch;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.Crop;
import dev.espalier.data.Cursor;
import dev.espalier.data.DataOptions;
import dev.espalier.data.DataSets;
import dev.espalier.data.Datasets;
import dev.espalier.data.ImageSource;
import dev.espalier.data.Source;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.Versions;
import dev.espalier.train.EpochReport;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import dev.espalier.train.StepReport;
import dev.espalier.train.Trainer;
import dev.espalier.train.TrainingState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Images per second of ResNet-20 on CIFAR-10 in rounds that take turns: the training loop with data and augmentation, the same network
 * by bare calls of libtorch on one batch, and PyTorch in a process beside.
 *
 * <p>Arguments: the data, rounds, batches of a round, and the command of bench/torch_resnet20.py if PyTorch is to take part.
 */
public final class TrainingThroughput implements Listener {
    private static final int BATCH = 128;
    private static final double RATE = 0.05;
    private static final double DECAY = 1e-4;
    /** Sums in another order move a loss of about 2.3 by some 1e-6; another layer or update moves it by more than this. */
    private static final double SAME_LOSS = 1e-3;

    private final BareResnet20 bare;
    private final List<Sample> firstTwo;
    private final Optional<Peer> peer;
    private final int batches;
    private final List<Double> losses = new ArrayList<>();
    private final List<Double> loop = new ArrayList<>();
    private final List<Double> calls = new ArrayList<>();
    private final List<Double> beside = new ArrayList<>();
    private long begun = System.nanoTime();

    private TrainingThroughput(BareResnet20 bare, List<Sample> firstTwo, Optional<Peer> peer, int batches) {
        this.bare = bare;
        this.firstTwo = firstTwo;
        this.peer = peer;
        this.batches = batches;
    }

    /** A batch as libtorch's own tensors. */
    private record Sample(Tensor images, Tensor labels) {
        static Sample of(Batch batch) {
            dev.espalier.runtime.Tensor images = batch.input(ImageSource.INPUT);
            return new Sample(
                    torch.tensor(images.toFloatArray()).reshape(images.shape().toArray()),
                    torch.tensor(batch.labels().toLongArray()));
        }
    }

    /** Another process, which trains as many batches as a line says and answers with the seconds that it took. */
    private record Peer(String name, BufferedReader answers, Writer orders) {
        static Optional<Peer> start(List<String> command) throws IOException {
            if (command.isEmpty()) {
                return Optional.empty();
            }
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            BufferedReader answers = process.inputReader();
            return Optional.of(new Peer(line(answers), answers, process.outputWriter()));
        }

        double seconds(int batches) {
            try {
                orders.write(batches + "\n");
                orders.flush();
                return Double.parseDouble(line(answers));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static String line(BufferedReader answers) throws IOException {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException("the process beside has ended; its message stands above");
            }
            return line;
        }
    }

    /** Prints the outcome as JSON. */
    public static void main(String[] args) throws IOException {
        int rounds = Integer.parseInt(args[1]);
        int batches = Integer.parseInt(args[2]);
        Optional<Peer> peer = Peer.start(Arrays.asList(args).subList(3, args.length));
        Recipe recipe = Recipe.defaults()
                .with(Map.of("epochs", rounds + 1, "batch-size", BATCH, "optimizer", "sgd", "momentum", 0.9))
                .with(Map.of(
                        "lr",
                        RATE,
                        "weight-decay",
                        DECAY,
                        "decay-all",
                        true,
                        "nesterov",
                        false,
                        "schedule",
                        "constant"));
        Augmentation augmentation =
                Augmentation.none().withHorizontalFlip(true).withCrop(new Crop(4, Crop.Border.ZERO));
        try (DataSets data =
                        Datasets.open(Path.of(args[0]), DataOptions.defaults().withValidation(0, 0));
                Model model =
                        Models.resnet20(Shape.of(3, 32, 32), data.classes().size(), 1)) {
            int apart = data.train().size() / (batches * BATCH);
            Source some = data.train()
                    .rows(IntStream.range(0, batches * BATCH)
                            .map(i -> i * apart)
                            .toArray());
            Batches feed =
                    new Batches(some, BatchOptions.training(BATCH, 1, augmentation, data.statistics(), Device.CPU));
            System.out.println(run(model, feed, recipe, peer).json(rounds));
        }
    }

    private static TrainingThroughput run(Model model, Batches feed, Recipe recipe, Optional<Peer> peer) {
        List<Sample> firstTwo = new ArrayList<>();
        try (Scope scope = Scope.open();
                Cursor cursor = feed.epoch(0, 0)) {
            firstTwo.add(Sample.of(cursor.next()));
            firstTwo.add(Sample.of(cursor.next()));
        }
        BareResnet20 bare = new BareResnet20(model, RATE, DECAY);
        TrainingThroughput throughput = new TrainingThroughput(bare, firstTwo, peer, feed.perEpoch());
        try (TrainingState state = TrainingState.of(model, recipe.optimizer(), Device.CPU)) {
            Trainer.fit(state, feed, null, recipe, List.of(throughput));
        }
        return throughput;
    }

    @Override
    public void stepEnd(StepReport report) {
        if (losses.size() < firstTwo.size()) {
            losses.add(report.loss());
        }
    }

    /** The first epoch warms up and proves that both train alike. */
    @Override
    public void epochEnd(EpochReport report) {
        double seconds = (System.nanoTime() - begun) / 1e9;
        if (report.epoch() == 0) {
            for (int i = 0; i < firstTwo.size(); i++) {
                double loss =
                        bare.step(firstTwo.get(i).images(), firstTwo.get(i).labels());
                if (!(Math.abs(loss - losses.get(i)) < SAME_LOSS)) {
                    throw new IllegalStateException("step " + (i + 1) + ": bare libtorch has a loss of " + loss
                            + ", the training loop " + losses.get(i) + "; they do not train the same network");
                }
            }
            bareSeconds();
            peer.ifPresent(other -> other.seconds(batches));
        } else {
            loop.add(seconds);
            calls.add(bareSeconds());
            peer.ifPresent(other -> beside.add(other.seconds(batches)));
        }
        begun = System.nanoTime();
    }

    private double bareSeconds() {
        long from = System.nanoTime();
        for (int i = 0; i < batches; i++) {
            bare.step(firstTwo.get(0).images(), firstTwo.get(0).labels());
        }
        return (System.nanoTime() - from) / 1e9;
    }

    private String json(int rounds) {
        StringBuilder json = new StringBuilder(String.format(
                Locale.ROOT,
                "{\"network\": \"resnet20\", \"batch\": %d, \"batches\": %d, \"rounds\": %d, \"threads\": %d, \"libtorch\": \"%s\",%n",
                BATCH,
                batches,
                rounds,
                Threads.count(),
                Versions.current().libtorch()));
        json.append(rates("training loop", loop)).append(rates("bare libtorch", calls));
        json.append(ratio("loop / bare libtorch", calls));
        peer.ifPresent(
                other -> json.append(rates(other.name(), beside)).append(ratio("loop / " + other.name(), beside)));
        return json.append("\"unit\": \"images/s: median, least, most\"}").toString();
    }

    private String rates(String name, List<Double> seconds) {
        return spread(name, seconds.stream().mapToDouble(time -> batches * BATCH / time));
    }

    /** How many times as fast as the other the loop is, round by round. */
    private String ratio(String name, List<Double> other) {
        return spread(name, IntStream.range(0, loop.size()).mapToDouble(i -> other.get(i) / loop.get(i)));
    }

    private static String spread(String name, DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        return String.format(
                Locale.ROOT,
                "\"%s\": [%.3f, %.3f, %.3f],%n",
                name,
                sorted[sorted.length / 2],
                sorted[0],
                sorted[sorted.length - 1]);
    }
}
