package dev.espalier.data;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Makes the batches of one epoch: bytes gathered on the device, scaled to 0..1, augmented, normalised; for one thread at a time.
 */
final class BatchMaker implements BatchSupply {
    private final BatchOptions options;
    private final EpochOrder epochOrder;
    private final Answers answers;
    private final Augmenter augmenter;
    private final Scope owner = Scope.owner("batch statistics");
    private final Tensor mean;
    private final Tensor std;
    private final RowGather images;

    BatchMaker(ImageSource source, BatchOptions options, int epoch) {
        this.options = options;
        this.epochOrder = EpochOrder.of(source, options, epoch);
        this.answers = source.answers();
        this.images = source.gather(options.device());
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
        EpochOrder visits = epochOrder.batch(batch);
        int[] indices = visits.order();
        int[] drawn = visits.keys();
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Tensor inputs = augmenter.apply(images.take(indices), drawn);
            inputs.subInPlace(mean).divInPlace(std);
            augmenter.cut(inputs, drawn, 0);
            Tensor labels = answers.targets(indices).to(options.device());
            scope.keep(List.of(inputs, labels));
            return new Batch(Map.of(ImageSource.INPUT, inputs), answers.task(), labels, indices);
        }
    }

    @Override
    public void close() {
        owner.close();
    }
}
