package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Kernels.ChannelSlice;
import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.Kernels.Norm;
import dev.espalier.runtime.Kernels.Removal;
import dev.espalier.runtime.Kernels.Selection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every CPU backend against plain Java. */
@ScopedTest
class KernelsTest {
    private final Random random = new Random(1);

    static Stream<Kernels> cpu() {
        return Kernels.backends().stream().filter(b -> b != Backend.CUDA).map(Kernels::of);
    }

    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float importance(Importance importance, float w, float g) {
        return switch (importance) {
            case MAGNITUDE -> Math.abs(w);
            case GRADIENT -> Math.abs(g);
            case SIGNED_GRADIENT -> g;
            case TAYLOR -> Math.abs(w * g);
        };
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void scoresElements(Kernels kernels) {
        for (Importance importance : Importance.values()) {
            float[] w = values(37);
            float[] g = values(37);
            Tensor weight = Tensor.of(w, 37);
            Tensor empty = Tensor.of(new float[0], 0, 3);
            List<Tensor> scores = kernels.score(
                    importance, List.of(weight, empty), List.of(Tensor.of(g, 37), Tensor.of(new float[0], 0, 3)));
            float[] expected = new float[37];
            for (int i = 0; i < 37; i++) {
                expected[i] = importance(importance, w[i], g[i]);
            }
            assertThat(scores.get(0).toFloatArray()).containsExactly(expected);
            assertThat(scores.get(1).shape()).isEqualTo(Shape.of(0, 3));
        }
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void scoresWeightsInAnyLayout(Kernels kernels) {
        Tensor weight = Tensor.of(values(4 * 3 * 2 * 2), 4, 3, 2, 2);
        Tensor score = kernels.score(Importance.MAGNITUDE, List.of(weight.channelsLast()), List.of())
                .get(0);
        assertThat(score.toFloatArray()).containsExactly(weight.abs().toFloatArray());
    }

    /** Sums over slices [4, 6, 3] on axis 1 from index 2, two indices per channel, and [2] on axis 0. */
    @ParameterizedTest
    @MethodSource("cpu")
    void scoresChannelsOverAllSlicesOfAGroup(Kernels kernels) {
        float[] w = values(4 * 6 * 3);
        float[] g = values(4 * 6 * 3);
        float[] bias = values(2);
        float[] biasGradient = values(2);
        Tensor weight = Tensor.of(w, 4, 6, 3);
        for (Importance importance : Importance.values()) {
            for (Norm norm : Norm.values()) {
                double[] expected = new double[2];
                for (int c = 0; c < 2; c++) {
                    List<Double> es = new ArrayList<>();
                    es.add(positive(importance, bias[c], biasGradient[c]));
                    for (int o = 0; o < 4; o++) {
                        for (int i = 2 + 2 * c; i < 4 + 2 * c; i++) {
                            for (int k = 0; k < 3; k++) {
                                int at = (o * 6 + i) * 3 + k;
                                es.add(positive(importance, w[at], g[at]));
                            }
                        }
                    }
                    expected[c] = norm(norm, es);
                }
                List<ChannelSlice> group = List.of(
                        new ChannelSlice(weight, Tensor.of(g, 4, 6, 3), 1, 2, 2, 2),
                        new ChannelSlice(Tensor.of(bias, 2), Tensor.of(biasGradient, 2), 0, 0, 2, 1));
                float[] scores = kernels.scoreChannels(importance, norm, List.of(group))
                        .get(0)
                        .toFloatArray();
                for (int c = 0; c < 2; c++) {
                    // 25 terms summed in double precision, rounded once; the terms carry one rounding each.
                    assertThat((double) scores[c])
                            .isCloseTo(expected[c], within(2 * Math.ulp((float) expected[c]) + 0.0));
                }
            }
        }
    }

    private static double positive(Importance importance, float w, float g) {
        float e = importance(importance, w, g);
        return importance == Importance.SIGNED_GRADIENT ? Math.max(e, 0) : e;
    }

    private static double norm(Norm norm, List<Double> es) {
        return switch (norm) {
            case L1 -> es.stream().mapToDouble(Math::abs).sum();
            case L2 -> Math.sqrt(es.stream().mapToDouble(e -> e * e).sum());
            case LINF -> es.stream().mapToDouble(Math::abs).max().orElseThrow();
        };
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void selectsExactlyTheSmallest(Kernels kernels) {
        float[] a = values(100);
        float[] b = new float[77];
        for (int i = 0; i < b.length; i++) {
            b[i] = random.nextInt(5) - 2;
        }
        List<Tensor> scores = List.of(Tensor.of(a, 10, 10), Tensor.of(b, 77));
        float[] sorted = new float[177];
        System.arraycopy(a, 0, sorted, 0, 100);
        System.arraycopy(b, 0, sorted, 100, 77);
        Arrays.sort(sorted);
        for (int k : new int[] {1, 2, 60, 88, 176, 177}) {
            Selection selection = kernels.select(scores, k);
            assertThat(selection.value()).isEqualTo(sorted[k - 1]);
            assertThat(selection.below() + selection.ties()).isEqualTo(k);
            List<BitMask> masks = kernels.masks(scores, k);
            assertThat(kernels.count(masks))
                    .satisfies(kept -> assertThat(kept[0] + kept[1]).isEqualTo(177 - k));
            assertKept(masks.get(0), a, selection, 0);
            assertKept(masks.get(1), b, selection, pruned(a, selection.value()));
        }
        Selection none = new Selection(Float.NEGATIVE_INFINITY, 0, 0);
        assertThat(kernels.select(scores, 0)).isEqualTo(none);
        assertThat(kernels.select(List.of(), 0)).isEqualTo(none);
        assertThat(kernels.masks(List.of(), 0)).isEmpty();
        assertThatThrownBy(() -> kernels.masks(List.of(), 1)).hasMessageContaining("k: expected 0 to 0");
    }

    private static long pruned(float[] values, float value) {
        long equal = 0;
        for (float v : values) {
            equal += v == value ? 1 : 0;
        }
        return equal;
    }

    /** {@code seen} elements of earlier tensors equal the value. */
    private static void assertKept(BitMask mask, float[] values, Selection selection, long seen) {
        byte[] kept = mask.unpack().toBytes();
        long equal = seen;
        for (int i = 0; i < values.length; i++) {
            boolean prunes = values[i] < selection.value();
            if (values[i] == selection.value()) {
                prunes = equal++ < selection.ties();
            }
            assertThat(kept[i]).as("element %d", i).isEqualTo((byte) (prunes ? 0 : 1));
        }
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void namesAScoreThatIsNoNumber(Kernels kernels) {
        Tensor good = Tensor.of(values(40), 40);
        float[] bad = values(40);
        bad[33] = Float.NaN;
        assertThatThrownBy(() -> kernels.select(List.of(good, Tensor.of(bad, 40)), 3))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("score tensor 1, element 33: expected a number, got NaN");
        assertThatThrownBy(() -> kernels.masks(List.of(good), 41))
                .isInstanceOf(KernelException.class)
                .hasMessageStartingWith("masks: ")
                .hasMessageContaining("41")
                .hasMessageContaining("tensor F32 [40]");
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void appliesMasksInPlace(Kernels kernels) {
        float[] w = values(2 * 3 * 3 * 3);
        w[0] = Float.NaN;
        w[1] = Float.POSITIVE_INFINITY;
        byte[] keep = new byte[w.length];
        for (int i = 2; i < keep.length; i++) {
            keep[i] = (byte) random.nextInt(2);
        }
        BitMask mask = BitMask.pack(Tensor.of(keep, 2, 3, 3, 3));
        Tensor contiguous = Tensor.of(w, 2, 3, 3, 3);
        Tensor last = contiguous.copy().channelsLast();
        kernels.apply(List.of(contiguous, last), List.of(mask, mask));
        for (int i = 0; i < w.length; i++) {
            w[i] = keep[i] == 0 ? 0f : w[i];
        }
        assertThat(contiguous.toFloatArray()).containsExactly(w);
        assertThat(last.toFloatArray()).containsExactly(w);
        assertThat(last.isChannelsLast()).isTrue();
    }

    @Test
    void masksKnowWhatTheyKeep() {
        BitMask mask = BitMask.pack(Tensor.of(new byte[] {1, 0, 2, 0, 0, 0}, 2, 3));
        assertThat(mask.kept()).isEqualTo(2);
        assertThat(mask.sparsity()).isEqualTo(4 / 6.0);
        assertThat(mask.words().toLongArray()).containsExactly(0b101);
        assertThat(mask.unpack().toBytes()).containsExactly(1, 0, 1, 0, 0, 0);
        assertThat(mask.unpack().dtype()).isEqualTo(DType.BOOL);
        assertThatThrownBy(() -> new BitMask(Tensor.zeros(DType.I32, Device.CPU, 2), Shape.of(32)))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("expected contiguous I32 [1]");
        assertThatThrownBy(() -> BitMask.pack(Tensor.scalar(1))).isInstanceOf(KernelException.class);
    }

    @Test
    void masksAreKeptWithTheirTensors() {
        BitMask mask;
        try (Scope inner = Scope.open()) {
            mask = inner.keep(BitMask.pack(Tensor.ones(DType.BOOL, Device.CPU, 40)));
        }
        assertThat(mask.kept()).isEqualTo(40);
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16", "I64", "U8"})
    void gathersAlongOneAndTwoAxes(DType type) {
        Tensor source = Tensor.arange(4 * 5 * 3, Device.CPU).to(type).reshape(4, 5, 3);
        Tensor rows = Tensor.of(new long[] {3, 0}, 2);
        Tensor columns = Tensor.of(new long[] {1, 2, 4}, 3);
        cpu().forEach(kernels -> {
            List<Tensor> results = kernels.gather(List.of(
                    new Removal(source, 0, rows, 1, columns),
                    new Removal(source, 0, rows, 2, null),
                    new Removal(source, 1, columns, -1, null),
                    new Removal(source.transpose(0, 1), 0, columns, -1, null)));
            Tensor fewer = source.indexSelect(0, rows);
            assertSame(results.get(0), fewer.indexSelect(1, columns));
            assertSame(results.get(1), fewer);
            assertSame(results.get(2), source.indexSelect(1, columns));
            assertSame(results.get(3), source.transpose(0, 1).indexSelect(0, columns));
        });
    }

    private static void assertSame(Tensor actual, Tensor expected) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(actual.dtype()).isEqualTo(expected.dtype());
        assertThat(actual.toBytes()).containsExactly(expected.toBytes());
    }

    @Test
    void gatherRefusesAnIndexOutOfRange() {
        Tensor source = Tensor.zeros(DType.F32, Device.CPU, 4, 5);
        Tensor index = Tensor.of(new long[] {4}, 1);
        assertThatThrownBy(() -> Kernels.on(Device.CPU).gather(List.of(new Removal(source, 0, index, -1, null))))
                .isInstanceOf(KernelException.class)
                .hasMessageStartingWith("gather: ")
                .hasMessageContaining("tensor F32 [4, 5] on cpu");
        assertThatThrownBy(() -> new Removal(source, 1, null, 0, null)).isInstanceOf(ShapeException.class);
    }

    @Test
    void refusesOtherTypesAndDevices() {
        Tensor integers = Tensor.arange(3, Device.CPU);
        Kernels kernels = Kernels.on(Device.CPU);
        assertThatThrownBy(() -> kernels.score(Importance.MAGNITUDE, List.of(integers), List.of()))
                .isInstanceOf(KernelException.class)
                .hasMessage("score MAGNITUDE: tensor 0: expected F32, got tensor I64 [3] on cpu");
        Tensor weight = Tensor.zeros(DType.F32, Device.CPU, 3);
        assertThatThrownBy(() -> kernels.score(Importance.TAYLOR, List.of(weight), List.of()))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected 1 gradients, got 0");
        assertThatThrownBy(() -> new ChannelSlice(weight, null, 0, 1, 3, 1))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("expected indices below 3");
    }

    @Test
    void availabilityIsAValueWithACause() {
        assertThat(Kernels.backends()).contains(Backend.AUTO, Backend.REFERENCE);
        assertThat(Backend.REFERENCE.kernels()).contains("score_element_f32_reference");
        for (Backend backend : Backend.values()) {
            assertThat(backend.available()).isEqualTo(backend.cause().isEmpty());
            if (!backend.available()) {
                assertThatThrownBy(() -> Kernels.of(backend))
                        .isInstanceOf(KernelException.class)
                        .hasMessageContaining(backend.cause().orElseThrow());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void updatesZeroWhatIsMaskedAndScoreItsGradientFirst(Kernels kernels) {
        // Multiples of 1/64 below 4: every product and sum below is exact, so every backend has the same bits.
        float[] w = new float[12];
        float[] g = new float[12];
        for (int i = 0; i < 12; i++) {
            w[i] = (i * 37 % 23 - 11) / 8f;
            g[i] = (i * 53 % 29 - 14) / 64f;
        }
        g[5] = Float.NaN;
        boolean[] kept = new boolean[12];
        byte[] bytes = new byte[12];
        for (int i = 0; i < 12; i++) {
            kept[i] = i % 3 != 2;
            bytes[i] = (byte) (kept[i] ? 1 : 0);
        }
        Tensor weight = Tensor.of(w, 3, 4);
        Tensor velocity = Tensor.full(1, DType.F32, Device.CPU, 3, 4);
        // Of the same values, but transposed in memory.
        Tensor gradient = Tensor.of(g, 3, 4).transpose(0, 1).contiguous().transpose(0, 1);
        BitMask mask = BitMask.pack(Tensor.of(bytes, 3, 4));
        UpdateRule.Parameter parameter = new UpdateRule.Parameter(weight, gradient, List.of(velocity), mask, 0.25);
        List<Tensor> scores =
                kernels.scoreAndUpdate(Importance.GRADIENT, new UpdateRule.Sgd(0.5, 0.5, false), List.of(parameter), 2);
        float[] moved = new float[12];
        float[] state = new float[12];
        float[] scored = new float[12];
        for (int i = 0; i < 12; i++) {
            scored[i] = Math.abs(2 * g[i]);
            state[i] = kept[i] ? 0.5f * 1 + (2 * g[i] + 0.25f * w[i]) : 0;
            moved[i] = kept[i] ? w[i] - 0.5f * state[i] : 0;
        }
        assertThat(scores.get(0).toFloatArray()).containsExactly(scored);
        assertThat(velocity.toFloatArray()).containsExactly(state);
        assertThat(weight.toFloatArray()).containsExactly(moved);
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void updatesWriteWeightsAndStateInAnyLayout(Kernels kernels) {
        float[] w = values(12);
        float[] g = values(12);
        UpdateRule adam = new UpdateRule.Adam(0.1, 0.9, 0.99, 1e-6, true, 1);
        List<Tensor> plain = List.of(
                Tensor.of(w, 3, 4),
                Tensor.zeros(DType.F32, Device.CPU, 3, 4),
                Tensor.zeros(DType.F32, Device.CPU, 3, 4));
        List<Tensor> turned = plain.stream()
                .map(t -> t.transpose(0, 1).contiguous().transpose(0, 1))
                .toList();
        for (List<Tensor> tensors : List.of(plain, turned)) {
            kernels.update(
                    adam,
                    List.of(new UpdateRule.Parameter(
                            tensors.get(0), Tensor.of(g, 3, 4), tensors.subList(1, 3), null, 0.1)),
                    1);
        }
        for (int i = 0; i < 3; i++) {
            assertThat(turned.get(i).isContiguous()).isFalse();
            assertThat(turned.get(i).toFloatArray())
                    .containsExactly(plain.get(i).toFloatArray());
        }
        assertThat(plain.get(0).toFloatArray()).doesNotContain(w);
    }

    @ParameterizedTest
    @MethodSource("cpu")
    void updatesRefuseWhatDoesNotFit(Kernels kernels) {
        Tensor weight = Tensor.of(values(4), 4);
        UpdateRule.Parameter bare = new UpdateRule.Parameter(weight, weight, List.of(), null, 0);
        assertThatThrownBy(() -> kernels.update(new UpdateRule.Sgd(0.1, 0.9, true), List.of(bare), 1))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected 1 state tensors, got 0");
        assertThatThrownBy(() -> kernels.update(new UpdateRule.Sgd(-1, 0, false), List.of(bare), 1))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("learning_rate");
        assertThatThrownBy(() -> new UpdateRule.Parameter(weight, Tensor.of(values(3), 3), List.of(), null, 0))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("gradient");
    }
}
