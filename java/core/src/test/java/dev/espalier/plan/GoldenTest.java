package dev.espalier.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A residual network against PyTorch in double precision: outputs, loss, every gradient and the running statistics.
 *
 * <p>Tolerance: each value is reached through sums of at most 4 + 27 + 36 + 72 + 32 terms forwards, as many backwards, and 128 more
 * over batch and pixels where a weight's gradient gathers them: fewer than 512 roundings, each eps of the largest magnitude that
 * takes part.
 */
@NoLeaks
class GoldenTest {
    private static final int ROUNDINGS = 512;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Golden(Shape shape, double[] values) {
        double largest() {
            double largest = 1;
            for (double v : values) {
                largest = Math.max(largest, Math.abs(v));
            }
            return largest;
        }
    }

    private static Map<String, Golden> read() throws IOException {
        try (InputStream resource = GoldenTest.class.getResourceAsStream("/golden/residual.bin");
                DataInputStream in = new DataInputStream(requireNonNull(resource))) {
            Map<String, Golden> all = new LinkedHashMap<>();
            for (int left = in.readInt(); left > 0; left--) {
                String name = in.readUTF();
                long[] dims = new long[in.readUnsignedByte()];
                for (int i = 0; i < dims.length; i++) {
                    dims[i] = in.readInt();
                }
                Shape shape = Shape.of(dims);
                double[] values = new double[(int) shape.numel()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = in.readDouble();
                }
                all.put(name, new Golden(shape, values));
            }
            return all;
        }
    }

    private static Graph graph(DType dtype) {
        Graph graph = ModelBuilder.of("golden", Shape.of(3, 8, 8))
                .convNorm(4, 3, 1, 1)
                .relu()
                .residual(
                        branch -> branch.convNorm(8, 3, 2, 1).relu().convNorm(8, 3, 1, 1),
                        shortcut -> shortcut.convNorm(8, 1, 2, 0))
                .relu()
                .maxPool(2)
                .flatten()
                .dense(5)
                .graph();
        Graph.Builder typed = Graph.builder("golden");
        graph.inputs().forEach((name, t) -> typed.input(name, new TensorType(dtype, t.shape())));
        graph.parameters().forEach((name, t) -> typed.parameter(name, new TensorType(dtype, t.shape())));
        graph.nodes().forEach(typed::node);
        return typed.output("logits").build();
    }

    private static Tensor tensor(Golden golden, DType dtype) {
        Tensor tensor = Tensor.empty(DType.F64, Device.CPU, golden.shape().toArray());
        ByteBuffer bytes = ByteBuffer.allocate(8 * golden.values().length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(golden.values());
        tensor.setBytes(bytes.array());
        return tensor.to(dtype).copy();
    }

    private static void assertClose(String what, Tensor actual, Map<String, Golden> goldens, double epsilon) {
        Golden expected = requireNonNull(goldens.get(what), what);
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        double[] values = new double[expected.values().length];
        ByteBuffer.wrap(actual.to(DType.F64).toBytes())
                .order(ByteOrder.LITTLE_ENDIAN)
                .asDoubleBuffer()
                .get(values);
        for (int i = 0; i < values.length; i++) {
            assertThat(values[i])
                    .as("%s element %d", what, i)
                    .isCloseTo(expected.values()[i], within(ROUNDINGS * epsilon * expected.largest()));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F64"})
    void outputsGradientsAndStatisticsAreThoseOfPyTorch(DType dtype) throws IOException {
        double epsilon = dtype == DType.F32 ? 0x1p-24 : 0x1p-53;
        Map<String, Golden> goldens = read();
        Graph graph = graph(dtype);
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> parameters = new LinkedHashMap<>();
            graph.parameters()
                    .keySet()
                    .forEach(name -> parameters.put(name, tensor(requireNonNull(goldens.get(name), name), dtype)));
            Map<String, Tensor> input = Map.of("input", tensor(requireNonNull(goldens.get("input")), dtype));
            Tensor served = requireNonNull(Execution.run(graph, parameters, input, Evaluation.INFERENCE)
                    .get("logits"));
            assertClose("inference.logits", served, goldens, epsilon);

            parameters.forEach((name, t) -> t.setRequiresGrad(!graph.isStatistic(name)));
            Tensor logits = requireNonNull(
                    Execution.run(graph, parameters, input, Evaluation.TRAINING).get("logits"));
            Tensor loss = Nn.crossEntropy(logits, Tensor.of(new long[] {3, 1}, 2), 0);
            loss.backward();
            assertClose("training.logits", logits, goldens, epsilon);
            assertClose("training.loss", loss, goldens, epsilon);
            parameters.forEach((name, t) -> {
                if (graph.isStatistic(name)) {
                    assertClose("after." + name, t, goldens, epsilon);
                } else {
                    assertClose("gradient." + name, requireNonNull(t.grad(), name), goldens, epsilon);
                }
            });
        }
    }
}
