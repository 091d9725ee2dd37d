package dev.espalier.formats.hostile;

import dev.espalier.formats.Golden;
import dev.espalier.formats.exporters.ExportedModelsTest;
import dev.espalier.formats.keras.Keras;
import dev.espalier.formats.keras.KerasTest;
import dev.espalier.formats.npy.NpyTest;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.formats.onnx.OnnxGraphs;
import dev.espalier.formats.onnx.OnnxTest;
import dev.espalier.formats.pytorch.StateDict;
import dev.espalier.formats.pytorch.StateDictTest;
import dev.espalier.formats.safetensors.Safetensors;
import dev.espalier.formats.safetensors.SafetensorsCheckpoints;
import dev.espalier.formats.safetensors.SafetensorsTest;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.train.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The formats that are attacked: whole files of each, ways to damage them, and what reads them. */
final class Seeds {
    /** One format. */
    record Format(String name, String suffix, List<byte[]> files, List<Edit> edits, Outcome.Reader reader) {}

    private Seeds() {}

    static List<Format> all(Path folder) throws IOException {
        List<Format> formats = new ArrayList<>();
        formats.add(new Format(
                "ONNX",
                ".onnx",
                onnx(folder),
                with(OnnxEdits::apply, 12),
                file -> Onnx.read(file).close()));
        formats.add(new Format(
                "safetensors",
                ".safetensors",
                List.of(read(Golden.file(SafetensorsTest.class, "reference.safetensors")), safetensors(folder)),
                with(TextEdits::safetensors, 10),
                Safetensors::read));
        formats.add(new Format(
                "checkpoint",
                ".safetensors",
                List.of(checkpoint(folder)),
                with(TextEdits::safetensors, 6),
                SafetensorsCheckpoints::read));
        formats.add(new Format(
                "checkpoint graph", ".txt", List.of(graph()), with(OnnxEdits::apply, 12), Seeds::decodeGraph));
        formats.add(new Format(
                "npy",
                ".npy",
                Stream.of("c_order", "fortran_order", "version2", "scalar", "big_endian", "unsigned")
                        .map(name -> read(Golden.file(NpyTest.class, name + ".npy")))
                        .toList(),
                with(TextEdits::npy, 10),
                dev.espalier.formats.npy.Npy::read));
        formats.add(new Format(
                "Keras",
                ".keras",
                keras(".keras"),
                with(ZipEdits::apply, 24),
                file -> Keras.read(file).close()));
        formats.add(new Format(
                "Keras HDF5",
                ".h5",
                keras(".h5"),
                with(TextEdits::json, 4),
                file -> Keras.read(file).close()));
        formats.add(new Format(
                "state_dict",
                ".pt",
                Stream.of("state", "checkpoint", "views", "module")
                        .map(name -> ZipEdits.repacked(Golden.file(StateDictTest.class, name + ".pt")))
                        .toList(),
                with(ZipEdits::apply, 24),
                StateDict::read));
        return formats;
    }

    private static List<byte[]> keras(String suffix) {
        List<String> names = suffix.equals(".h5")
                ? List.of("cnn", "text", "table")
                : List.of("cnn", "functional", "text", "gated", "permuted", "decoder", "table");
        return names.stream()
                .map(name -> read(Golden.file(KerasTest.class, name + suffix)))
                .toList();
    }

    /** All edits of bytes, and {@code weight} times the one that knows the format. */
    private static List<Edit> with(Edit knowing, int weight) {
        List<Edit> edits = new ArrayList<>(ByteEdits.ALL);
        for (int i = 0; i < weight; i++) {
            edits.add(knowing);
        }
        return edits;
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<byte[]> onnx(Path folder) {
        List<byte[]> files = new ArrayList<>();
        for (String name : List.of("script.onnx", "dynamo.onnx")) {
            files.add(read(Golden.file(OnnxTest.class, name)));
        }
        for (String name : List.of(
                "script_shuffle_18",
                "script_lstm_14",
                "script_upsampler_20",
                "dynamo_attention_20_batch",
                "dynamo_textcnn_18",
                "script_rnn_17",
                "dynamo_video_18")) {
            files.add(read(Golden.file(ExportedModelsTest.class, name + ".onnx")));
        }
        Path own = folder.resolve("own.onnx");
        try (Model model = Models.mlp(Shape.of(3), 2, List.of(2), 1)) {
            Onnx.write(model, own);
            files.add(read(own));
        }
        return files;
    }

    private static byte[] safetensors(Path folder) {
        Path file = folder.resolve("own.safetensors");
        try (Model model = Models.mlp(Shape.of(3), 2, List.of(2), 1)) {
            Safetensors.write(file, model.weights().asMap(), Map.of("a", "b"));
        }
        return read(file);
    }

    private static byte[] checkpoint(Path folder) throws IOException {
        Path store = folder.resolve("store");
        try (Scope scope = Scope.open();
                Model model = Models.mlp(Shape.of(3), 2, List.of(2), 1)) {
            new SafetensorsCheckpoints(store, 2)
                    .save(new Snapshot(
                            Map.of("fit/epoch", "3", "graph", "x"),
                            model.weights().asMap()));
        }
        try (Stream<Path> files = Files.list(store)) {
            return read(files.findFirst().orElseThrow());
        }
    }

    private static byte[] graph() {
        try (Model model = Models.mlp(Shape.of(3), 2, List.of(2), 1)) {
            return new OnnxGraphs().encode(model.graph());
        }
    }

    private static void decodeGraph(Path file) {
        try {
            new OnnxGraphs().decode(read(file));
        } catch (dev.espalier.formats.FormatException e) {
            throw new dev.espalier.formats.FormatException(file + ": " + e.getMessage(), e);
        }
    }
}
