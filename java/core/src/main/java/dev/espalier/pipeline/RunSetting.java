package dev.espalier.pipeline;

import dev.espalier.data.Augmentation;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.DataSets;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.data.Source;
import dev.espalier.runtime.Device;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import java.util.List;
import java.util.Optional;

/**
 * What a run works on and with.
 *
 * @param data splits; the test split serves measurement alone
 * @param listeners told of stages and training; what they remember is saved with checkpoints
 */
public record RunSetting(
        DataSets data, Device device, Optional<Checkpointing> checkpointing, List<Listener> listeners) {
    /** Images in an evaluation batch. */
    private static final int EVALUATION_BATCH = 256;

    public RunSetting {
        listeners = List.copyOf(listeners);
    }

    /** A run that neither saves nor tells. */
    public static RunSetting of(DataSets data, Device device) {
        return new RunSetting(data, device, Optional.empty(), List.of());
    }

    /** Batches of the training split as a recipe takes them. */
    public Batches training(Recipe recipe) {
        return new Batches(
                data.train(),
                BatchOptions.training(
                                recipe.data().batchSize(),
                                recipe.run().seed(),
                                recipe.data().augmentation(),
                                data.statistics(),
                                device)
                        .sampled(recipe.data().sampling(recipe.run().seed())));
    }

    /** Shuffled, unaugmented batches of the training split. */
    Batches shuffled() {
        return shuffled(Augmentation.none());
    }

    /**
     * Those on which importance is measured: of samples with several modalities each is hidden half of the time, since where one says
     * enough by itself, the channels of the others have no influence to be seen.
     */
    Batches evidence() {
        return data.train().modalities().size() > 1
                ? shuffled(Augmentation.none().withMixed(MixedAugmentation.hiding(0.5)))
                : shuffled();
    }

    private Batches shuffled(Augmentation augmentation) {
        return new Batches(data.train(), BatchOptions.training(64, 0, augmentation, data.statistics(), device));
    }

    Optional<Batches> validation() {
        return data.validation().map(this::inOrder);
    }

    /** The split that results are stated on: test, else validation, else training. */
    public Source measuredSplit() {
        return data.test().or(data::validation).orElse(data.train());
    }

    Batches measured() {
        return inOrder(measuredSplit());
    }

    private Batches inOrder(Source source) {
        return new Batches(source, BatchOptions.evaluation(EVALUATION_BATCH, data.statistics(), device));
    }
}
