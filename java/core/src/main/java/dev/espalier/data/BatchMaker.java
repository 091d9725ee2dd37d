package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Makes the batches of one epoch: bytes gathered into one staging buffer, moved to the device, scaled to 0..1, augmented,
 * normalised; for one thread at a time.
 */
final class BatchMaker implements BatchSupply {
    private final ImageSource source;
    private final BatchOptions options;
    private final int[] order;
    /** What keys the random numbers of each visit. */
    private final int[] keys;

    private final int[] labels;
    private final Augmenter augmenter;
    private final Scope owner = Scope.owner("batch statistics");
    private final Tensor mean;
    private final Tensor std;
    private final long[] image;
    private ByteBuffer staging = ByteBuffer.allocateDirect(0);

    BatchMaker(ImageSource source, BatchOptions options, int epoch) {
        this.source = source;
        this.options = options;
        this.order = options.sampling().order(source, epoch);
        this.keys = Sampling.keys(order, source.size());
        this.labels = source.labels();
        this.image = source.imageShape().toArray();
        this.augmenter =
                new Augmenter(options.augmentation(), options.sampling().seed(), epoch);
        this.mean = perChannel(options.statistics().mean(), options.device());
        this.std = perChannel(options.statistics().std(), options.device());
    }

    private Tensor perChannel(List<Float> values, Device device) {
        float[] array = new float[values.size()];
        for (int c = 0; c < array.length; c++) {
            array[c] = values.get(c);
        }
        try (Scope scope = Scope.open()) {
            return owner.adopt(Tensor.of(array, 1, array.length, 1, 1).to(device));
        }
    }

    @Override
    public Batch take(int batch) {
        int from = batch * options.size();
        int to = Math.min(order.length, from + options.size());
        int[] indices = Arrays.copyOfRange(order, from, to);
        int[] drawn = Arrays.copyOfRange(keys, from, to);
        long[] targets = new long[indices.length];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = labels[indices[i]];
        }
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Tensor bytes = Tensor.wrap(gather(indices), DType.U8, indices.length, image[0], image[1], image[2]);
            Tensor inputs = augmenter.apply(bytes.to(options.device()), drawn);
            inputs.subInPlace(mean).divInPlace(std);
            augmenter.cut(inputs, drawn, 0);
            Tensor classes = Tensor.of(targets, targets.length).to(options.device());
            scope.keep(List.of(inputs, classes));
            return new Batch(Map.of(ImageSource.INPUT, inputs), classes, indices);
        }
    }

    /** The images' bytes in the staging buffer; every tensor that shares it is gone when the next batch is gathered. */
    private ByteBuffer gather(int[] indices) {
        int bytes = Math.toIntExact(indices.length * image[0] * image[1] * image[2]);
        if (staging.capacity() < bytes) {
            staging = ByteBuffer.allocateDirect(bytes);
        }
        staging.clear();
        for (int index : indices) {
            source.read(index, staging);
        }
        return staging.flip();
    }

    @Override
    public void close() {
        owner.close();
    }
}
