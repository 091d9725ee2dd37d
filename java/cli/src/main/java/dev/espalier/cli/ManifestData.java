package dev.espalier.cli;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.OnCorrupt;
import dev.espalier.graph.Graph;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.ManifestFile;
import dev.espalier.manifest.encode.Encoding;
import dev.espalier.manifest.encode.MixedData;
import dev.espalier.manifest.table.TableOptions;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The samples of a manifest that a subcommand works on. */
final class ManifestData {
    private final Path path;
    private final List<String> columns;
    private final OnCorrupt onCorrupt;
    private final DataListener listener;

    /** @param columns the only inputs; empty for all */
    ManifestData(Path path, List<String> columns, OnCorrupt onCorrupt, DataListener listener) {
        this.path = path;
        this.columns = columns;
        this.onCorrupt = onCorrupt;
        this.listener = listener;
    }

    /** The splits as a model takes them; {@code encoding} is the model's own, if it has one; encoded rows are kept in {@code cache}. */
    DataSets open(HeldOut held, Optional<Encoding> encoding, Path cache) {
        Manifest manifest = manifest();
        return MixedData.open(
                columns.isEmpty() ? manifest : manifest.withInputs(Set.copyOf(columns)),
                new MixedData.Options(encoding, held.fraction(), held.seed(), onCorrupt, cache, listener));
    }

    Manifest manifest() {
        TableOptions options = TableOptions.defaults().withOnCorrupt(onCorrupt).withListener(listener);
        String name = path.getFileName().toString();
        if (name.endsWith(".yaml") || name.endsWith(".yml")) {
            return ManifestFile.read(
                    RecipeFile.document(path), path.toAbsolutePath().resolveSibling(""), options);
        }
        return Manifest.open(path, options);
    }

    /** Refuses samples whose inputs are not those of the model. */
    static void check(DataSets data, Graph graph) {
        BatchOptions two = BatchOptions.evaluation(2, data.statistics(), Device.CPU);
        try (Scope scope = Scope.open();
                Cursor cursor = new Batches(data.train(), two).epoch(0, 0)) {
            Map<String, Tensor> inputs =
                    cursor.next().inputsFor(List.copyOf(graph.inputs().keySet()));
            inputs.forEach((name, given) -> check(name, graph.type(name), given));
        }
    }

    private static void check(String name, TensorType type, Tensor given) {
        boolean fits = type.rank() == given.rank() && type.dtype() == given.dtype();
        for (int axis = 1; fits && axis < type.rank(); axis++) {
            fits = type.dim(axis) < 0 || type.dim(axis) == given.size(axis);
        }
        if (!fits) {
            throw new BadInput("the model's input '" + name + "' is " + type + ", the manifest gives " + given.dtype()
                    + given.shape() + "; set the column's size, length or rate to fit");
        }
    }
}
