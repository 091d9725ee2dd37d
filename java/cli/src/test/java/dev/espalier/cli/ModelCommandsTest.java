package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.formats.npy.Npy;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.plan.Session;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@NoLeaks
class ModelCommandsTest {
    @TempDir
    Path folder;

    private Path file = Path.of("");

    @BeforeEach
    void writeModel() {
        file = folder.resolve("m.onnx");
        try (Model model = Models.resnet20(Shape.of(3, 16, 16), 5, 1)) {
            Onnx.write(model, file);
        }
    }

    @Test
    void inspectTellsWhatTheGraphKnows() {
        JsonNode facts = CommandRun.of("inspect", file, "--json").json();
        try (Model model = Onnx.read(file)) {
            assertThat(facts.get("parameters").asLong()).isEqualTo(model.graph().parameterCount());
            assertThat(facts.get("macs").asLong()).isEqualTo(model.graph().macs());
            assertThat(facts.get("nodes").size())
                    .isEqualTo(model.graph().nodes().size());
        }
        assertThat(facts.propertyNames())
                .containsExactly("parameters", "macs", "sparsity", "inputs", "outputs", "nodes", "groups", "layers");
        assertThat(facts.at("/nodes/0").propertyNames()).containsExactly("name", "op", "macs", "parameters");
        assertThat(facts.at("/groups/0").propertyNames())
                .containsExactly("id", "channels", "prunable", "reason", "approximation", "members");
        facts.get("layers")
                .forEach(layer -> assertThat(layer.propertyNames())
                        .containsExactly("id", "removable", "reason", "nodes", "macs", "parameters"));
        assertThat(facts.at("/groups/0/members/0").propertyNames()).containsExactly("parameter", "axis");
        long macs = 0;
        for (JsonNode node : facts.get("nodes")) {
            macs += node.get("macs").asLong();
        }
        assertThat(macs).isEqualTo(facts.get("macs").asLong());
        assertThat(CommandRun.of("inspect", file).out()).contains("parameters", "channel group");
    }

    @Test
    void inspectExplainsWhatANodesChannelsAreCoupledWith() {
        JsonNode facts = CommandRun.of("inspect", file, "--json").json();
        String coupled = facts.get("groups")
                .valueStream()
                .map(group -> group.get("id").asString())
                .filter(id -> id.contains("+"))
                .findFirst()
                .orElseThrow();
        String maker = coupled.substring(0, coupled.indexOf('+'));
        JsonNode explained =
                CommandRun.of("inspect", file, "--explain", maker, "--json").json();
        assertThat(explained.propertyNames()).containsExactly("node", "op", "groups");
        assertThat(explained.get("op").asString()).isEqualTo("Conv");
        JsonNode group = explained.at("/groups/0");
        assertThat(group.propertyNames())
                .containsExactly("id", "channels", "prunable", "verdict", "makers", "joins", "places");
        assertThat(group.at("/joins/0/op").asString()).isEqualTo("Add");
        assertThat(group.at("/joins/0/inputs")).hasSize(2);
        assertThat(group.at("/makers/0").asString()).isEqualTo(maker);
        assertThat(group.get("places")
                        .valueStream()
                        .map(place -> place.get("role").asString()))
                .contains("makes them", "treats each by itself", "reads them");
        assertThat(CommandRun.of("inspect", file, "--explain", maker).out())
                .contains("(Conv): its output channels belong to", "coupled by", "may be removed", "axis 0");
        String last = facts.at("/nodes")
                .get(facts.get("nodes").size() - 1)
                .get("name")
                .asString();
        assertThat(CommandRun.of("inspect", file, "--explain", last).out()).contains("must all stay: graph output");
        CommandRun.of("inspect", file, "--explain", "nobody")
                .refused("'nobody'", "--explain")
                .inOneLine();
    }

    @Test
    void runWritesWhatTheSessionComputes() {
        Path out = folder.resolve("new/out");
        Path x = folder.resolve("x.npy");
        Rng.seed(1);
        try (Scope scope = Scope.open();
                Model model = Onnx.read(file);
                Session session = Session.of(model, Device.CPU)) {
            Tensor image = Tensor.randn(Device.CPU, 2, 3, 16, 16);
            Npy.write(x, image);
            JsonNode facts = CommandRun.of(
                            "run", file, "--input", "input=" + x, "--output-dir", out, "--device", "cpu", "--json")
                    .json();
            Path written = Path.of(facts.at("/outputs/0/file").asString());
            assertThat(written).isEqualTo(out.resolve(model.graph().outputs().get(0) + ".npy"));
            assertThat(Npy.read(written).toFloatArray())
                    .isEqualTo(session.run(image).toFloatArray());
        }
    }

    @Test
    void runRefusesWrongInputs() {
        Path x = folder.resolve("x.npy");
        Path whole = folder.resolve("whole.npy");
        Path out = folder.resolve("out");
        try (Scope scope = Scope.open()) {
            Npy.write(x, Tensor.zeros(DType.F32, Device.CPU, 1, 3, 8, 8));
            Npy.write(whole, Tensor.zeros(DType.I64, Device.CPU, 1, 3, 16, 16));
        }
        refuseRun(out, "image=" + x, "'image'", "[input]");
        refuseRun(out, "input=" + x, "'input'", "[1, 3, 8, 8]", "x.npy");
        refuseRun(out, "input=" + whole, "I64");
        refuseRun(out, "input=" + folder.resolve("no.npy"), "no.npy", "no such file");
        refuseRun(out, "input", "--input");
        for (String device : new String[] {"cuda:99", "tpu"}) {
            CommandRun.of("run", file, "--input", "input=" + x, "--output-dir", out, "--device", device)
                    .refused(device)
                    .inOneLine();
        }
        assertThat(out).doesNotExist();
    }

    private void refuseRun(Path out, String input, String... named) {
        CommandRun.of("run", file, "--input", input, "--output-dir", out)
                .refused(named)
                .inOneLine();
    }

    @Test
    void filesThatAreNoModelsAreNamed() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.onnx"), "not a model\n");
        byte[] whole = Files.readAllBytes(file);
        Path cut = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, whole.length / 2));
        CommandRun.of("inspect", text).refused("notes.onnx", "not an ONNX file").inOneLine();
        CommandRun.of("inspect", cut).refused("cut.onnx", "truncated").inOneLine();
        CommandRun.of("inspect", folder).refused(folder.toString()).inOneLine();
        CommandRun.of("inspect", folder.resolve("no.onnx"))
                .refused("no.onnx", "no such file")
                .inOneLine();
    }

    @Test
    void benchTimesKernelsBesideTheVendors() throws IOException {
        Path file = folder.resolve("kernels.json");
        JsonNode facts = CommandRun.of(
                        "bench",
                        "kernels",
                        "--layers",
                        "resnet20-cifar 64",
                        "--batch",
                        "1,16",
                        "--sparsity",
                        "0,0.9",
                        "--weights",
                        4000,
                        "--seconds",
                        0.01,
                        "--json",
                        "-o",
                        file)
                .json();
        assertThat(JsonMapper.shared().readTree(Files.readString(file))).isEqualTo(facts);
        assertThat(facts.at("/machine/gigaflops").asDouble()).isPositive();
        JsonNode rows = facts.get("results");
        // Five kernels on arrays; on the layer 2 at batch 1 and 4 at batch 16, and what was chosen, twice.
        assertThat(rows).hasSize(5 + 2 * (2 + 1) + 2 * (4 + 1));
        for (JsonNode row : rows) {
            double ratio =
                    row.get("baselineMillis").asDouble() / row.get("millis").asDouble();
            assertThat(row.get("ratio").asDouble()).isCloseTo(ratio, within(1e-9));
            assertThat(row.get("ofRoofline").asDouble()).isPositive();
            boolean dense =
                    row.get("sparsity").asDouble() == 0 && row.get("batch").asInt() > 0;
            String kernel = row.get("kernel").asString();
            if (dense && kernel.startsWith("chosen")) {
                assertThat(kernel).isEqualTo("chosen: libtorch");
            }
        }
        CommandRun.of("bench", "kernels", "--layers", "no such layer").refused("--layers", "no such layer");
        CommandRun.of("bench", "kernels", "--sparsity", "1").refused("--sparsity");
        CommandRun.of("bench").refused("models");
    }

    @Test
    void benchComparesModelsInTurns() {
        JsonNode facts = CommandRun.of(
                        "bench", file, file, "--batch", "1,2", "--repeats", 3, "--device", "cpu", "--json")
                .json();
        assertThat(facts.get("results").size()).isEqualTo(4);
        for (JsonNode row : facts.get("results")) {
            double median = row.get("median").asDouble();
            assertThat(median)
                    .isBetween(row.get("p10").asDouble(), row.get("p90").asDouble());
        }
        assertThat(facts.at("/results/0/speedup").asDouble()).isEqualTo(1);
        CommandRun.of("bench", file, "--repeats", 0).refused("--repeats").inOneLine();
    }
}
