package dev.espalier.formats.exporters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.Golden;
import dev.espalier.formats.npy.Npy;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.plan.Session;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.Kept;
import dev.espalier.prune.Mask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files as PyTorch's two exporters and Keras write them (make_exports.py) give the output that their framework gave, and lose channels. */
@NoLeaks
public class ExportedModelsTest {
    private static final Path FOLDER =
            Golden.file(ExportedModelsTest.class, "make_exports.py").getParent();

    /** Its unrolled first step multiplies a state of zeros, whose channels are fixed. */
    private static final String UNROLLED = "dynamo_rnn_20_batch";

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".onnx"))
                    .map(name -> name.substring(0, name.length() - 5))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void computesWhatTheFrameworkComputed(String name) {
        try (Model model = Onnx.read(FOLDER.resolve(name + ".onnx"))) {
            compare(name, model);
        }
    }

    /** Half of the channels of every group go, and the smaller network is proved equal to the masked one. */
    @ParameterizedTest
    @MethodSource("names")
    void losesHalfOfItsChannels(String name) {
        try (Scope scope = Scope.open();
                Model model = Onnx.read(FOLDER.resolve(name + ".onnx"))) {
            ChannelGroups groups = ChannelGroups.trace(model.graph());
            Map<String, Kept> kept = new LinkedHashMap<>();
            for (ChannelGroup group : groups.prunable()) {
                int half = (group.channels() + 1) / 2;
                kept.put(
                        group.id(),
                        Kept.of(
                                group.channels(),
                                IntStream.range(0, half).map(i -> 2 * i).toArray()));
            }
            assertThat(kept.isEmpty()).isEqualTo(name.equals(UNROLLED));
            try (Compacted smaller = Compaction.compact(model, groups, Mask.of(Map.of(), kept))) {
                long whole = model.graph().parameterCount();
                assertThat(smaller.model().graph().parameterCount()).isLessThan(kept.isEmpty() ? whole + 1 : whole);
            }
        }
    }

    private static void compare(String name, Model model) {
        try (Scope scope = Scope.open();
                Session session = Session.of(model, Device.CPU)) {
            Tensor expected = Npy.read(FOLDER.resolve(name + ".y.npy"));
            Tensor got = session.run(Npy.read(FOLDER.resolve(name + ".x.npy")));
            assertThat(got.shape()).isEqualTo(expected.shape());
            double scale = expected.abs().max().item();
            // Rounding of sums over some hundred products, passed on by a dozen layers.
            assertThat(got.sub(expected).abs().max().item()).isLessThan(2e-5 * Math.max(1, scale));
        }
    }
}
