package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Operators that move elements, against results written out or computed element by element from ONNX's definitions. */
@NoLeaks
class LayoutTest {
    private static float[] run(Op op, Tensor... in) {
        return op.evaluate(Evaluation.INFERENCE, List.of(in)).get(0).toFloatArray();
    }

    /** 0, 1, 2, … in this shape. */
    private static Tensor count(long... shape) {
        int n = (int) Shape.of(shape).numel();
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = i;
        }
        return Tensor.of(values, shape);
    }

    @Test
    void splitCutsIntoTheListedOrEqualPieces() {
        try (Scope scope = Scope.open()) {
            Tensor x = count(2, 5);
            List<Tensor> uneven = Split.of(1, 2, 0, 3).evaluate(Evaluation.INFERENCE, List.of(x));
            assertThat(uneven.get(0).toFloatArray()).containsExactly(0, 1, 5, 6);
            assertThat(uneven.get(1).shape()).isEqualTo(Shape.of(2, 0));
            assertThat(uneven.get(2).toFloatArray()).containsExactly(2, 3, 4, 7, 8, 9);
            List<Tensor> equal = Split.evenly(-1, 2).evaluate(Evaluation.INFERENCE, List.of(x));
            assertThat(equal.get(0).toFloatArray()).containsExactly(0, 1, 2, 5, 6, 7);
            assertThat(equal.get(1).toFloatArray()).containsExactly(3, 4, 8, 9);
        }
        assertThat(Split.evenly(1, 2).infer(List.of(TensorType.f32(-1, 5, 2))))
                .containsExactly(TensorType.f32(-1, 3, 2), TensorType.f32(-1, 2, 2));
        for (Split op : List.of(Split.of(1, 2, 3), Split.evenly(0, 3))) {
            assertThat(Ops.create("Split", op.attributes())).isEqualTo(op);
        }
    }

    static Stream<Arguments> slices() {
        return Stream.of(
                Arguments.of(2, 5, 1, new float[] {2, 3, 4}),
                Arguments.of(-3, Long.MAX_VALUE, 1, new float[] {4, 5, 6}),
                Arguments.of(1, 100, 2, new float[] {1, 3, 5}),
                Arguments.of(-1, Long.MIN_VALUE, -1, new float[] {6, 5, 4, 3, 2, 1, 0}),
                Arguments.of(100, -6, -2, new float[] {6, 4, 2}),
                Arguments.of(5, 5, 1, new float[] {}),
                Arguments.of(2, 5, -1, new float[] {}),
                Arguments.of(3, 4, Long.MAX_VALUE, new float[] {3}),
                Arguments.of(-100, 2, 1, new float[] {0, 1}));
    }

    @ParameterizedTest
    @MethodSource("slices")
    void sliceTakesWhatNumpyTakes(long start, long end, long step, float[] expected) {
        Slice op = new Slice(Ints.of(start), Ints.of(end), Ints.of(0), Ints.of(step));
        try (Scope scope = Scope.open()) {
            assertThat(run(op, count(7))).containsExactly(expected);
            assertThat(op.infer(List.of(TensorType.f32(7)))).containsExactly(TensorType.f32(expected.length));
        }
    }

    @Test
    void bordersOfEveryMode() {
        try (Scope scope = Scope.open()) {
            Tensor x = count(4);
            assertThat(run(new Pad(Ints.of(2, 3), 0, Ints.NONE, "reflect"), x))
                    .containsExactly(2, 1, 0, 1, 2, 3, 2, 1, 0);
            assertThat(run(new Pad(Ints.of(2, 1), 0, Ints.NONE, "edge"), x)).containsExactly(0, 0, 0, 1, 2, 3, 3);
            assertThat(run(new Pad(Ints.of(2, 1), 0, Ints.NONE, "wrap"), x)).containsExactly(2, 3, 0, 1, 2, 3, 0);
            assertThat(run(new Pad(Ints.of(-1, 1), 7, Ints.NONE), x)).containsExactly(1, 2, 3, 7);
        }
    }

    @Test
    void tilesAndTriangles() {
        try (Scope scope = Scope.open()) {
            assertThat(run(new Tile(Ints.of(2, 2)), count(1, 3))).containsExactly(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
            assertThat(run(new Trilu(true, 0), count(2, 3))).containsExactly(0, 1, 2, 0, 4, 5);
            assertThat(run(new Trilu(false, 1), count(2, 3))).containsExactly(0, 1, 0, 3, 4, 5);
            Tensor truths = Tensor.ones(DType.BOOL, Device.CPU, 2, 2);
            Tensor lower = new Trilu(false, 0)
                    .evaluate(Evaluation.INFERENCE, List.of(truths))
                    .get(0);
            assertThat(lower.to(DType.I64).toLongArray()).containsExactly(1, 0, 1, 1);
        }
    }

    @Test
    void anExpandFollowsTheBatchOfItsSecondInput() {
        Expand op = new Expand(Ints.of(-1, 1, 3));
        assertThat(op.infer(List.of(TensorType.f32(1, 2, 1), TensorType.f32(-1, 9))))
                .containsExactly(TensorType.f32(-1, 2, 3));
        try (Scope scope = Scope.open()) {
            assertThat(run(op, count(1, 2, 1), count(2, 9))).containsExactly(0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1);
        }
    }

    /** ONNX: in DCR the input channel is (row, column, c), in CRD it is (c, row, column). */
    @Test
    void blocksGoWhereOnnxPutsThem() {
        try (Scope scope = Scope.open()) {
            Tensor x = count(1, 8, 2, 3);
            float[] in = x.toFloatArray();
            for (String mode : List.of("DCR", "CRD")) {
                float[] out = run(new DepthToSpace(2, mode), x);
                for (int c = 0; c < 2; c++) {
                    for (int y = 0; y < 4; y++) {
                        for (int z = 0; z < 6; z++) {
                            int place = (y % 2) * 2 + z % 2;
                            int channel = mode.equals("DCR") ? place * 2 + c : c * 4 + place;
                            assertThat(out[(c * 4 + y) * 6 + z]).isEqualTo(in[(channel * 2 + y / 2) * 3 + z / 2]);
                        }
                    }
                }
            }
            Tensor deep = new DepthToSpace(2, "DCR")
                    .evaluate(Evaluation.INFERENCE, List.of(x))
                    .get(0);
            assertThat(run(new SpaceToDepth(2), deep)).containsExactly(in);
        }
    }

    static Stream<Arguments> resized() {
        // Values of the examples in ONNX's operator description.
        Interpolation floor = new Interpolation("nearest", "half_pixel", "round_prefer_floor", -0.75f, false);
        Interpolation corners = new Interpolation("linear", "align_corners", "floor", -0.75f, false);
        Interpolation half = new Interpolation("linear", "half_pixel", "floor", -0.75f, false);
        return Stream.of(
                Arguments.of(half, new float[] {1, 2, 3, 4}, 0.6f, new float[] {1.3333334f, 3}),
                Arguments.of(half, new float[] {1, 2}, 2f, new float[] {1, 1.25f, 1.75f, 2}),
                Arguments.of(corners, new float[] {1, 2}, 2f, new float[] {1, 1.3333334f, 1.6666666f, 2}),
                Arguments.of(corners, new float[] {1, 2, 3, 4}, 0.6f, new float[] {1, 4}),
                Arguments.of(Interpolation.LINEAR, new float[] {1, 2, 3, 4}, 0.3f, new float[] {1}),
                Arguments.of(Interpolation.NEAREST, new float[] {1, 2}, 2f, new float[] {1, 1, 2, 2}),
                Arguments.of(floor, new float[] {1, 2, 3, 4}, 0.6f, new float[] {1, 3}),
                Arguments.of(
                        new Interpolation("cubic", "half_pixel", "floor", -0.75f, false),
                        new float[] {1, 2, 3, 4},
                        2f,
                        // The kernel at t = 1/4 and 3/4: (-27, 225, 67, -9) / 256 and its mirror, edges repeated.
                        cubicOfFour(false)),
                Arguments.of(
                        new Interpolation("cubic", "half_pixel", "floor", -0.75f, true),
                        new float[] {1, 2, 3, 4},
                        2f,
                        cubicOfFour(true)));
    }

    /** 1, 2, 3, 4 at twice the size: new element i lies at (i + 1/2) / 2 - 1/2. */
    private static float[] cubicOfFour(boolean inside) {
        double[] far = {-27 / 256.0, 225 / 256.0, 67 / 256.0, -9 / 256.0};
        float[] out = new float[8];
        for (int i = 0; i < 8; i++) {
            int base = (int) Math.floor((i + 0.5) / 2 - 0.5);
            boolean quarter = i % 2 == 1;
            double sum = 0;
            double weight = 0;
            for (int tap = 0; tap < 4; tap++) {
                int place = base - 1 + tap;
                double w = far[quarter ? tap : 3 - tap];
                if (!inside || (place >= 0 && place < 4)) {
                    sum += w * (1 + Math.max(0, Math.min(3, place)));
                    weight += w;
                }
            }
            out[i] = (float) (inside ? sum / weight : sum);
        }
        return out;
    }

    @ParameterizedTest
    @MethodSource("resized")
    void resizeInterpolatesAsOnnxDefines(Interpolation rule, float[] in, float scale, float[] expected) {
        Resize op = new Resize(Ints.of(2), Floats.of(scale), Ints.NONE, rule);
        try (Scope scope = Scope.open()) {
            float[] out = run(op, Tensor.of(in, 1, 1, in.length));
            assertThat(out).hasSameSizeAs(expected);
            // At most four products of magnitude 4 and a coordinate in single precision.
            IntStream.range(0, out.length)
                    .forEach(i -> assertThat(out[i]).isCloseTo(expected[i], within(16 * 0x1p-23f)));
        }
    }

    /** Every coordinate of the nearest modes, computed from the formulas in double precision on ties that single precision holds. */
    @Test
    void nearestRoundsTiesAsItsModeSays() {
        float[] in = {0, 1, 2, 3, 4, 5};
        Map<String, float[]> expected = Map.of(
                "round_prefer_floor", new float[] {0, 2, 4},
                "round_prefer_ceil", new float[] {1, 3, 5},
                "floor", new float[] {0, 2, 4},
                "ceil", new float[] {1, 3, 5});
        try (Scope scope = Scope.open()) {
            expected.forEach((mode, values) -> {
                Interpolation rule = new Interpolation("nearest", "half_pixel", mode, -0.75f, false);
                Resize op = new Resize(Ints.of(0), Floats.NONE, Ints.of(3), rule);
                assertThat(run(op, Tensor.of(in, 6))).as(mode).containsExactly(values);
            });
        }
    }

    @Test
    void aWholeSliceIsTheInputItself() {
        try (Scope scope = Scope.open()) {
            Tensor x = count(2, 3);
            List<Tensor> out = Slice.of(0, 0, Long.MAX_VALUE).evaluate(Evaluation.INFERENCE, Arrays.asList(x));
            assertThat(out.get(0)).isSameAs(x);
        }
    }
}
