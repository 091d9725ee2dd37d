package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@NoLeaks
class OpTest {
    static Stream<OpCase> cases() {
        return OpCase.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void infersTheShapeThatOnnxDefines(OpCase c) {
        assertThat(c.op().infer(c.in()).get(0)).isEqualTo(c.out());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void evaluationGivesTheInferredShape(OpCase c) {
        for (long batch : new long[] {1, 2, 5}) {
            try (Scope scope = Scope.open()) {
                List<Tensor> in = c.inputs(batch).stream().map(c::draw).toList();
                for (boolean training : new boolean[] {true, false}) {
                    List<Tensor> out = c.op().evaluate(new Evaluation(training), in);
                    assertThat(out.stream().map(Tensor::shape))
                            .containsExactlyElementsOf(c.op().infer(c.inputs(batch)).stream()
                                    .map(TensorType::shape)
                                    .toList());
                    assertThat(out.get(0).shape())
                            .isEqualTo(OpCase.withBatch(c.out(), batch).shape());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void attributesMakeTheSameOperatorAgain(OpCase c) {
        assertThat(Ops.create(c.op().type(), c.op().attributes())).isEqualTo(c.op());
    }

    @Test
    void everyOperatorHasACase() {
        Set<String> tested = cases().map(c -> c.op().type()).collect(Collectors.toSet());
        tested.add("BatchNormalization"); // its state makes it a case of its own, see BatchNormalizationTest
        assertThat(tested).isEqualTo(Ops.types());
    }

    @Test
    void everyOperatorIsDocumented() throws IOException {
        String page = Files.readString(Path.of("..", "..", "docs", "operators.md"));
        assertThat(Ops.types()).allMatch(type -> page.contains(type));
    }

    static Stream<Arguments> convolutionRefusals() {
        Conv conv = new Conv(Window.square(3, 1, 0), 1);
        return Stream.of(
                refusal(
                        conv,
                        "input has 4 channels but the weight [8, 3, 3, 3] with group 1 expects 3",
                        f(-1, 4, 8, 8),
                        f(8, 3, 3, 3)),
                refusal(conv, "window of 3 does not fit into spatial axis 0 of 2", f(-1, 3, 2, 8), f(8, 3, 3, 3)),
                refusal(conv, "kernel_shape must equal the weight's [5, 5], got [3, 3]", f(-1, 3, 8, 8), f(8, 3, 5, 5)),
                refusal(conv, "bias must have shape [8], got [7]", f(-1, 3, 8, 8), f(8, 3, 3, 3), f(7)),
                refusal(conv, "input 0 must have rank 3 to 5, got shape [-1, 3]", f(-1, 3), f(8, 3, 3, 3)),
                refusal(conv, "takes 2 to 3 inputs, got 1", f(-1, 3, 8, 8)),
                refusal(
                        new Conv(Window.square(3, 1, 0), 3),
                        "output channels 8 must be a multiple of group 3",
                        f(-1, 9, 8, 8),
                        f(8, 3, 3, 3)));
    }

    static Stream<Arguments> productRefusals() {
        return Stream.of(
                refusal(Gemm.DENSE, "inner sizes differ", f(-1, 4), f(5, 3)),
                refusal(Gemm.DENSE, "shapes [-1, 5] and [4] cannot be broadcast", f(-1, 3), f(5, 3), f(4)),
                refusal(new MatMul(), "inner sizes differ", f(2, 3), f(2, 3)),
                refusal(new Einsum("...i,...i->..."), "an axis of '...' of", f(-1, 3, 4), f(2, 4)),
                refusal(new Einsum("...ij->...i"), "input 0 must have rank 2, got shape [4]", f(4)),
                refusal(
                        new Add(),
                        "shapes [-1, 3, 4] and [3] cannot be broadcast: dimension 2 of the result would be 4 and 3",
                        f(-1, 3, 4),
                        f(3)),
                refusal(new Add(), "dimension 0 of the result would be -1 and 2", f(-1, 3), f(2, 3)));
    }

    static Stream<Arguments> layoutRefusals() {
        return Stream.of(
                refusal(new Concat(1), "dimension 2 of input 1 must be 4", f(-1, 3, 4), f(-1, 3, 5)),
                refusal(new Concat(0), "dimension 0 of input 0 must be known", f(-1, 3), f(-1, 3)),
                refusal(new Flatten(2), "would merge the open batch", f(-1, 3, 4)),
                refusal(new Flatten(4), "axis must lie in [-3, 3], got 4", f(-1, 3, 4)),
                refusal(new Reshape(Ints.of(3, 4), false), "the open batch of [-1, 12] has no place", f(-1, 12)),
                refusal(new Reshape(Ints.of(0, 5), false), "cannot reshape", f(-1, 12)),
                refusal(new Reshape(Ints.of(-1, 5), false), "cannot reshape [-1, 12] to [-1, 5]", f(-1, 12)),
                refusal(new Add(), "dimension 0 of the result would be -1 and -4", f(-1, 3), f(-4, 3)),
                refusal(new Reshape(Ints.of(-1, -1), false), "may hold one -1", f(3, 4)),
                refusal(new Transpose(Ints.of(0, 0)), "perm must order the 2 axes", f(3, 4)),
                refusal(new Squeeze(Ints.of(1)), "axis 1 of [-1, 3] must have size 1", f(-1, 3)),
                refusal(new Unsqueeze(Ints.of(1, 1)), "axes must differ", f(3)),
                refusal(new Pad(Ints.of(1, 0, 0, 0), 0, Ints.NONE), "the open batch cannot be padded", f(-1, 3)),
                refusal(new Pad(Ints.of(0, 0), 0, Ints.NONE), "pads must hold 4 widths", f(-1, 3)),
                refusal(new ReduceMean(Ints.of(0), true, false), "axis 0 is the open batch", f(-1, 3)),
                refusal(new ReduceMean(Ints.of(2), true, false), "axis must lie in [-2, 1], got 2", f(-1, 3)),
                refusal(Split.of(1, 2, 2), "cannot be cut into pieces of [2, 2]", f(-1, 3)),
                refusal(Split.evenly(0, 2), "the open batch cannot be split", f(-1, 3)),
                refusal(Slice.of(0, 1, 2), "the open batch cannot be sliced", f(-1, 3)),
                refusal(new Expand(Ints.of(2, 3)), "cannot expand [2] to [2, 3]: dimension 1 would be 2 and 3", f(2)),
                refusal(new Tile(Ints.of(2, 1)), "the open batch cannot be repeated", f(-1, 3)),
                refusal(new DepthToSpace(2, "DCR"), "channels 6 must be a multiple", f(-1, 6, 2, 2)),
                refusal(new SpaceToDepth(2), "must be multiples of blocksize 2", f(-1, 6, 2, 3)),
                refusal(new Pad(Ints.of(3, 0), 0, Ints.of(1), "reflect"), "is wider than its size 3", f(-1, 3)),
                refusal(Resize.byScale(2, Interpolation.LINEAR), "must hold one number per axis", f(-1, 3, 4)),
                refusal(new Softmax(2), "axis must lie in [-2, 1], got 2", f(-1, 3)),
                refusal(new Softmax(0), "axis 0 is the open batch", f(-1, 3)),
                refusal(new LogSoftmax(-2), "axis 0 is the open batch", f(-1, 3)),
                refusal(new LpNormalization(0, 2), "axis 0 is the open batch", f(-1, 3)),
                refusal(new CumSum(0, false, false), "axis 0 is the open batch", f(-1, 3)),
                refusal(new CumSum(2, false, false), "axis must lie in [-2, 1], got 2", f(-1, 3)),
                refusal(new ArgExtreme(true, 0, true, false), "axis 0 is the open batch", f(-1, 3)),
                refusal(new TopK(Ints.of(4), 1, true), "K must be one number up to 3", f(-1, 3)),
                refusal(new GatherND(0), "axis 0 is the open batch", f(-1, 3), numbers(5, 1)),
                refusal(new GatherND(0), "must address 1 to 2 axes", f(2, 3), numbers(5, 3)),
                refusal(new GatherND(1), "dimension 0 of [-1, 3] and [5, 1] must be one", f(-1, 3), numbers(5, 1)),
                refusal(new GatherND(0), "indices must be whole numbers", f(2, 3), f(5, 1)),
                refusal(new NumberTest(false), "must have a floating type", numbers(3)),
                refusal(new MaxPool(Window.square(3, 3, 0)), "window of 3 does not fit", f(-1, 3, 2, 2)),
                refusal(new LayerNormalization(-1, 1e-5f), "scale must have shape [4], got [3]", f(-1, 4), f(3)),
                refusal(
                        new BatchNormalization(1e-5f, 0.9f),
                        "running variance must have shape [4], got [1]",
                        f(-1, 4),
                        f(4),
                        f(4),
                        f(4),
                        f(1)));
    }

    private static TensorType f(long... dims) {
        return TensorType.f32(dims);
    }

    private static TensorType numbers(long... dims) {
        return new TensorType(DType.I64, Shape.of(dims));
    }

    private static Arguments refusal(Op op, String message, TensorType... in) {
        return Arguments.of(op, message, List.of(in));
    }

    @ParameterizedTest
    @MethodSource({"convolutionRefusals", "productRefusals", "layoutRefusals"})
    void wrongShapesAreRefusedWithTheReason(Op op, String message, List<TensorType> in) {
        assertThatThrownBy(() -> op.infer(in))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void unknownOperatorsAndSettingsAreRefused() {
        assertThatThrownBy(() -> Ops.create("GridSample", "warp", Map.of()))
                .isInstanceOf(UnsupportedOperatorException.class)
                .hasMessageStartingWith("node 'warp': operator 'GridSample' is not supported");
        assertThatThrownBy(() -> Ops.create("Relu", Map.of("alpha", Attribute.of(1f))))
                .hasMessage("Relu: attribute 'alpha' is not supported, expected none");
        assertThatThrownBy(
                        () -> Ops.create("Pad", "edge", Map.of("mode", Attribute.of("mirror"), "pads", Ints.of(1, 1))))
                .hasMessage(
                        "node 'edge': Pad: attribute 'mode' must be one of [constant, reflect, edge, wrap], got 'mirror'");
        assertThatThrownBy(() -> Ops.create("Resize", Map.of("antialias", Attribute.of(1), "sizes", Ints.of(1))))
                .hasMessage("Resize: attribute 'antialias' must be 0, got 1");
        assertThatThrownBy(() -> Ops.create(
                        "Resize",
                        Map.of(
                                "coordinate_transformation_mode",
                                Attribute.of("tf_crop_and_resize"),
                                "sizes",
                                Ints.of(1))))
                .hasMessageContaining("got 'tf_crop_and_resize'");
        assertThatThrownBy(() -> Ops.create("Slice", Map.of())).hasMessageContaining("must be constants");
        assertThatThrownBy(() -> Ops.create("CumSum", Map.of())).hasMessageContaining("must be a constant");
        assertThatThrownBy(() -> Ops.create("TopK", Map.of())).hasMessageContaining("must be a constant");
        assertThatThrownBy(() -> Ops.create("LpNormalization", Map.of("p", Attribute.of(3))))
                .hasMessageContaining("p must be 1 or 2, got 3");
        assertThatThrownBy(() -> new Einsum("...i...->i")).hasMessageContaining("equation must be letters");
        assertThatThrownBy(() -> Ops.create("Reshape", Map.of())).hasMessageContaining("must be a constant");
        assertThatThrownBy(() -> Ops.create("Softmax", Map.of("axis", Attribute.of(1f))))
                .hasMessageContaining("must be a whole number");
    }

    @Test
    void macsCountMultiplicationsWithWeightsPerSample() {
        // [4, 6, 5] outputs, each over 3 * 3 * 3 weights
        assertThat(macs(new Conv(Window.square(3, 1, 1), 1), f(-1, 3, 6, 5), f(4, 3, 3, 3), f(4)))
                .isEqualTo(4 * 6 * 5 * 27);
        assertThat(macs(new Conv(Window.square(3, 1, 1), 3), f(-1, 3, 6, 5), f(3, 1, 3, 3)))
                .isEqualTo(3 * 6 * 5 * 9);
        // 3 * 4 * 4 inputs, each to 2 * 3 * 3 places
        assertThat(macs(new ConvTranspose(Window.square(3, 2, 1), Ints.NONE, 1), f(-1, 3, 4, 4), f(3, 2, 3, 3)))
                .isEqualTo(3 * 16 * 18);
        assertThat(macs(Gemm.DENSE, f(-1, 7), f(5, 7), f(5))).isEqualTo(35);
        assertThat(macs(new MatMul(), f(-1, 6, 7), f(7, 5))).isEqualTo(6 * 7 * 5);
        // Four sequences of seven steps in each sample, 4 * 8 rows over 16 features and 8 units.
        assertThat(macs(LSTM.of(8, false), f(7, -4, 16), f(1, 32, 16), f(1, 32, 8)))
                .isEqualTo(4 * 7 * 32 * (16 + 8));
        assertThat(macs(new Relu(), f(-1, 7))).isZero();
    }

    private static long macs(Op op, TensorType... in) {
        return op.cost(List.of(in), op.infer(List.of(in))).macs();
    }
}
