import dev.espalier.data.DataOptions;
import dev.espalier.data.DataSets;
import dev.espalier.data.Datasets;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.pipeline.PruningRecipe;
import dev.espalier.pipeline.PruningRun;
import dev.espalier.pipeline.RunOutcome;
import dev.espalier.pipeline.RunPlan;
import dev.espalier.pipeline.RunSetting;
import dev.espalier.runtime.Device;
import dev.espalier.train.Recipe;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Trains a small network on a folder of images, halves its arithmetic by removing channels, and writes it as ONNX. */
public final class TrainPruneSave {
    private TrainPruneSave() {}

    // tag::readme
    public static void main(String[] args) {
        Path images = Path.of(args[0]); // holds train/<class>/*.png and test/<class>/*.png
        Path file = Path.of(args[1]);
        Recipe training = Recipe.defaults()
                .with(Map.of(
                        "epochs", 14, "batch-size", 64, "optimizer", "adamw", "lr", 0.002, "schedule", "onecycle"));
        PruningRecipe pruning = PruningRecipe.fromMap(Map.of("target", 0.5, "of", "macs"), Set.of());
        Recipe fineTuning = training.with("epochs", 4);
        RunPlan plan = new RunPlan(Optional.of(training), Optional.of(pruning), Optional.of(fineTuning));

        try (DataSets data = Datasets.open(images, DataOptions.defaults());
                Model dense = Models.kerasCnn(
                        data.images().imageShape(), data.classes().size(), 1);
                RunOutcome outcome = PruningRun.run(dense, plan, RunSetting.of(data, Device.CPU))) {
            System.out.println("before: " + outcome.before().size() + ", "
                    + outcome.before().evaluation());
            System.out.println(
                    "after:  " + outcome.after().size() + ", " + outcome.after().evaluation());
            System.out.println("proof:  " + outcome.compaction().orElseThrow().check());
            Onnx.write(outcome.model(), file);
        }
    }
    // end::readme
}
