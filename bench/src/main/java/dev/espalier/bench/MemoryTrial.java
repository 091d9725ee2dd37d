package dev.espalier.bench;

import dev.espalier.data.Augmentation;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.ImageSource;
import dev.espalier.data.Statistics;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import dev.espalier.train.StepReport;
import dev.espalier.train.Trainer;
import dev.espalier.train.TrainingState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Trains a tiny network for many steps and watches the memory of the process. */
public final class MemoryTrial {
    private static final int EXTENT = 12;
    private static final int IMAGES = 2000;
    private static final int BATCH = 2;
    private static final long PAGE_BYTES = 4096;

    private MemoryTrial() {}

    /** The memory after some steps: resident bytes of the process, and tensors that are not closed. */
    public record Sample(long step, long residentBytes, long liveTensors) {}

    /** Takes {@code samples} samples over {@code steps} steps. */
    public static List<Sample> run(int steps, int samples) {
        int epochs = Math.max(1, steps / (IMAGES / BATCH));
        int every = Math.max(1, epochs * (IMAGES / BATCH) / samples);
        Recipe recipe = Recipe.defaults()
                .with(Map.of("epochs", epochs, "batch-size", BATCH, "optimizer", "adamw", "lr", 1e-3, "clip-norm", 1));
        Batches batches = new Batches(
                new Gradients(),
                BatchOptions.training(BATCH, 1, Augmentation.none(), Statistics.identity(1), Device.CPU));
        List<Sample> taken = new ArrayList<>();
        try (Model model = ModelBuilder.of("tiny", Shape.of(1, EXTENT, EXTENT))
                        .conv(4, 3)
                        .relu()
                        .flatten()
                        .dense(3)
                        .build(1);
                TrainingState state = TrainingState.of(model, recipe.optimizer(), Device.CPU)) {
            Trainer.fit(state, batches, null, recipe, List.of(new Listener() {
                @Override
                public void stepEnd(StepReport report) {
                    if (report.batches() % every == 0) {
                        taken.add(new Sample(report.batches(), residentBytes(), Scope.liveTensors()));
                    }
                }
            }));
        }
        return taken;
    }

    /** Resident set size, from the second field of /proc/self/statm, which counts pages. */
    private static long residentBytes() {
        try {
            String[] fields = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
            return Long.parseLong(fields[1]) * PAGE_BYTES;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read /proc/self/statm", e);
        }
    }

    /** Prints one line per sample; arguments: steps (20000), samples (20). */
    public static void main(String[] args) {
        int steps = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        int samples = args.length > 1 ? Integer.parseInt(args[1]) : 20;
        for (Sample sample : run(steps, samples)) {
            System.out.printf(
                    Locale.ROOT,
                    "step %d resident %.1f MiB live tensors %d%n",
                    sample.step(),
                    sample.residentBytes() / (double) (1 << 20),
                    sample.liveTensors());
        }
    }

    /** Grey ramps of three steepnesses, which are the classes. */
    private static final class Gradients implements ImageSource {
        @Override
        public int size() {
            return IMAGES;
        }

        @Override
        public List<String> classes() {
            return List.of("flat", "gentle", "steep");
        }

        @Override
        public int[] labels() {
            int[] labels = new int[IMAGES];
            for (int i = 0; i < IMAGES; i++) {
                labels[i] = i % 3;
            }
            return labels;
        }

        @Override
        public Shape imageShape() {
            return Shape.of(1, EXTENT, EXTENT);
        }

        @Override
        public void read(int index, ByteBuffer to) {
            for (int i = 0; i < EXTENT * EXTENT; i++) {
                to.put((byte) (i * (index % 3) + index));
            }
        }

        @Override
        public String name(int index) {
            return "ramp " + index;
        }

        @Override
        public String fingerprint() {
            return "ramps";
        }

        @Override
        public void close() {}
    }
}
