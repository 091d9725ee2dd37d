package dev.espalier.train;

import dev.espalier.data.Augmentation;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.DataSets;
import dev.espalier.data.ImageSource;
import dev.espalier.data.Statistics;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Small grey images made from a seed: noise, brighter in the rows, the columns or the middle, which is the class. */
public record ToyImages(int size, long seed) implements ImageSource {
    /** Height and width. */
    public static final int EXTENT = 12;

    /** Shuffled batches of {@code count} images. */
    public static Batches training(int count, int batchSize) {
        return new Batches(
                new ToyImages(count, 7),
                BatchOptions.training(
                        batchSize,
                        3,
                        Augmentation.none().withHorizontalFlip(true),
                        Statistics.identity(1),
                        Device.CPU));
    }

    /** So many different images to train, to validate and to test on. */
    public static DataSets sets(int train, int validation, int test) {
        return new DataSets(
                new ToyImages(train, 7),
                Optional.of(new ToyImages(validation, 8)),
                Optional.of(new ToyImages(test, 9)),
                Statistics.identity(1),
                List.of());
    }

    /** Batches in order of {@code count} other images. */
    public static Batches held(int count) {
        return new Batches(new ToyImages(count, 1234), BatchOptions.evaluation(32, Statistics.identity(1), Device.CPU));
    }

    @Override
    public List<String> classes() {
        return List.of("rows", "columns", "middle");
    }

    @Override
    public int[] labels() {
        int[] labels = new int[size];
        for (int i = 0; i < size; i++) {
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
        SplittableRandom random = new SplittableRandom(seed * 31 + index);
        for (int row = 0; row < EXTENT; row++) {
            for (int column = 0; column < EXTENT; column++) {
                boolean bright = switch (index % 3) {
                    case 0 -> row % 4 < 2;
                    case 1 -> column % 4 < 2;
                    default -> Math.abs(row - 5.5) + Math.abs(column - 5.5) < 5;
                };
                to.put((byte) (random.nextInt(160) + (bright ? 90 : 0)));
            }
        }
    }

    @Override
    public String name(int index) {
        return "toy " + index;
    }

    @Override
    public String fingerprint() {
        return "toy-" + size + "-" + seed;
    }

    @Override
    public void close() {}
}
