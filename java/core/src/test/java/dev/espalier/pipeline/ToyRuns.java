package dev.espalier.pipeline;

import dev.espalier.data.DataSets;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import dev.espalier.train.ToyImages;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Runs of a tiny network on a few images. */
final class ToyRuns {
    static final Recipe TRAINING =
            Recipe.defaults().with(Map.of("epochs", 2, "batch-size", 16, "lr", 0.05, "weight-decay", 1e-4));
    static final int PER_EPOCH = 4;

    private ToyRuns() {}

    static DataSets data() {
        return ToyImages.sets(64, 30, 30);
    }

    static Model model() {
        return ModelBuilder.of("toy", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                .convNorm(8, 3, 1, 1)
                .relu()
                .maxPool(2)
                .convNorm(12, 3, 1, 0)
                .relu()
                .flatten()
                .dropout(0.2)
                .dense(3)
                .build(5);
    }

    static RunPlan training(Map<String, ?> pruning) {
        return new RunPlan(
                Optional.of(TRAINING), Optional.of(PruningRecipe.fromMap(pruning, Set.of())), Optional.empty());
    }

    static RunSetting setting(Listener... listeners) {
        return new RunSetting(data(), Device.CPU, Optional.empty(), List.of(listeners));
    }

    static float[] ones(BitMask mask) {
        return mask.unpack().to(DType.F32).toFloatArray();
    }

    /** All weights of more than one axis, one after the other. */
    static float[] weights(Model model) {
        FloatBuffer all = FloatBuffer.allocate((int) model.graph().parameterCount());
        model.weights().asMap().values().stream()
                .filter(tensor -> tensor.rank() > 1)
                .forEach(tensor -> all.put(tensor.toFloatArray()));
        return Arrays.copyOf(all.array(), all.position());
    }

    static int kept(float[] ones) {
        int kept = 0;
        for (float one : ones) {
            kept += one != 0 ? 1 : 0;
        }
        return kept;
    }
}
