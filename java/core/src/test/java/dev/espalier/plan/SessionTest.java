package dev.espalier.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.AutoPad;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Window;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class SessionTest {
    private static final Shape IMAGE = Shape.of(3, 12, 12);

    /** Statistics as training leaves them: neither 0 nor 1. */
    private static void unsettle(Model model) {
        model.weights().asMap().forEach((name, t) -> {
            try (Scope scope = Scope.open()) {
                Tensor noise = Tensor.rand(Device.CPU, t.shape().toArray());
                if (name.startsWith("norm")) {
                    t.copyInPlace(noise.add(0.5));
                }
            }
        });
    }

    private static Tensor plain(Model model, Tensor x) {
        return requireNonNull(
                Execution.run(model.graph(), model.weights().asMap(), Map.of("input", x), Evaluation.INFERENCE)
                        .get("logits"));
    }

    /**
     * Folding moves factors between roundings: each output still sums fanIn products, so both ways differ by at most
     * 2 * (fanIn + 8) * eps * (sum of |k * w * x| + |k * (b - mean)| + |shift|), bounded here by the extreme values.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void foldedNormalisationGivesTheSameOutputs(boolean bias) {
        try (Model model = ModelBuilder.of("folding", IMAGE)
                        .conv(8, Window.square(3, 1, 1), 1, bias)
                        .norm()
                        .build(5);
                Scope scope = Scope.open()) {
            unsettle(model);
            Tensor x = Tensor.randn(Device.CPU, 4, 3, 12, 12);
            try (Session session = Session.of(model, Device.CPU)) {
                assertThat(session.plan().instructions()).hasSize(1);
                assertThat(session.plan().toString()).contains("conv1 (Conv)").contains("normalisation folded");
                double difference =
                        session.run(x).sub(plain(model, x)).abs().max().item();
                double factor = 1.5 / Math.sqrt(0.5); // scale < 1.5, variance > 0.5
                double sum = model.weights()
                                .get("conv1.weight")
                                .abs()
                                .sum(false, 1, 2, 3)
                                .max()
                                .item()
                        * x.abs().max().item();
                double tolerance = 2 * (27 + 8) * 0x1p-24 * (factor * (sum + 2) + 1.5);
                assertThat(difference).isLessThan(tolerance);
            }
        }
    }

    @Test
    void normalisationsThatOthersSeeStayUnfolded() {
        try (Model model = ModelBuilder.of("shared", IMAGE)
                        .conv(3, 3, 1, 1)
                        .residual(ModelBuilder::norm, shortcut -> {})
                        .build(5);
                Scope scope = Scope.open();
                Session session = Session.of(model, Device.CPU)) {
            assertThat(session.plan().instructions()).hasSize(3);
            Tensor x = Tensor.randn(Device.CPU, 1, 3, 12, 12);
            assertThat(session.run(x).toFloatArray())
                    .containsExactly(plain(model, x).toFloatArray());
        }
    }

    /** Zeroes the share of the weights with the smallest draws of a fixed pattern. */
    private static void thin(Tensor weight, double share) {
        try (Scope scope = Scope.open()) {
            Tensor draws = Tensor.rand(Device.CPU, weight.shape().toArray());
            weight.mulInPlace(draws.ge(share).to(DType.F32));
        }
    }

    @Test
    void thinnedConvolutionsAreTriedAndTheReasonIsTold() {
        try (Model model = ModelBuilder.of("thin", Shape.of(16, 12, 12))
                        .conv(32, 3, 1, 1)
                        .conv(32, 3, 1, 1)
                        .build(3);
                Scope scope = Scope.open()) {
            thin(model.weights().get("conv1.weight"), 0.95);
            thin(model.weights().get("conv2.weight"), 0.5);
            try (Session session = Session.of(model, Device.CPU, 2)) {
                Instruction tried = session.plan().instructions().get(0);
                assertThat(tried.reason()).contains("% zeros", "batch 2: conv2d_element_f32_", "dense");
                assertThat(tried.kernel()).matches("libtorch|conv2d_(element|vector16)_f32_.*");
                Instruction untried = session.plan().instructions().get(1);
                assertThat(untried.kernel()).isEqualTo("libtorch");
                assertThat(untried.reason()).isEqualTo("the only kernel for this operator");
                assertSameAsPlain(session, model, 16 * 9 + 32 * 9);
            }
        }
    }

    @Test
    void deterministicModeDecidesNothingByTiming() {
        Determinism.enable(true);
        try (Model model = ModelBuilder.of("thin", IMAGE).conv(8, 3).build(3);
                Scope scope = Scope.open()) {
            thin(model.weights().get("conv1.weight"), 0.95);
            try (Session session = Session.of(model, Device.CPU)) {
                Instruction only = session.plan().instructions().get(0);
                assertThat(only.kernel()).isEqualTo("libtorch");
                assertThat(only.reason()).contains("deterministic mode");
            }
        } finally {
            Determinism.enable(false);
        }
    }

    /** Whatever the trial says, the masked kernel is the convolution: sums of n terms within 2 * (n + 8) * eps of magnitudes. */
    @Test
    void maskedKernelEqualsTheOperator() {
        Window uneven = new Window(Ints.NONE, Ints.of(2, 1), Ints.of(1, 0, 2, 1), Ints.of(1, 2), AutoPad.NOTSET, false);
        for (Conv conv : List.of(
                new Conv(Window.square(3, 1, 1), 1), new Conv(uneven, 2), new Conv(Window.square(3, 2, 0), 4))) {
            try (Scope scope = Scope.open()) {
                Tensor x = Tensor.randn(Device.CPU, 3, 8, 11, 9).channelsLast();
                Tensor weight = Tensor.randn(Device.CPU, 12, 8 / conv.group(), 3, 3);
                thin(weight, 0.8);
                Tensor bias = Tensor.randn(Device.CPU, 12);
                List<Tensor> in = List.of(x, weight, bias);
                Tensor expected =
                        conv.evaluate(Evaluation.INFERENCE, List.copyOf(in)).get(0);
                Tensor magnitude = conv.evaluate(Evaluation.INFERENCE, List.of(x.abs(), weight.abs(), bias.abs()))
                        .get(0);
                long terms = weight.numel() / 12 + 1;
                Tensor allowed = magnitude.mul(2 * (terms + 8) * 0x1p-24);
                for (MaskedConv.Kind kind : MaskedConv.Kind.values()) {
                    MaskedConv masked = MaskedConv.pack(kind, conv, weight, Shape.of(8, 11, 9));
                    Tensor actual = masked.evaluate(Evaluation.INFERENCE, List.copyOf(in))
                            .get(0);
                    assertThat(actual.shape()).isEqualTo(expected.shape());
                    assertThat(actual.sub(expected).abs().sub(allowed).max().item())
                            .as(kind.kernelName())
                            .isLessThanOrEqualTo(0);
                }
            }
        }
    }

    /** Two linear layers of at most {@code terms} products per output between them, on inputs and weights of order one. */
    private static void assertSameAsPlain(Session session, Model model, int terms) {
        Tensor x = Tensor.randn(Device.CPU, 2, 16, 12, 12);
        Tensor expected = plain(model, x);
        double magnitude = Execution.run(model.graph(), absolute(model), Map.of("input", x.abs()), Evaluation.INFERENCE)
                .values()
                .iterator()
                .next()
                .max()
                .item();
        double difference = session.run(x).sub(expected).abs().max().item();
        assertThat(difference).isLessThanOrEqualTo(2 * (terms + 16) * 0x1p-24 * magnitude);
    }

    private static Map<String, Tensor> absolute(Model model) {
        Map<String, Tensor> absolute = new HashMap<>();
        model.weights().asMap().forEach((name, t) -> absolute.put(name, t.abs()));
        return absolute;
    }

    @Test
    void outlivesTheModelAndRefusesWorkOnceClosed() {
        try (Scope scope = Scope.open()) {
            Model model = Models.create("resnet20", IMAGE, 4, 0.25, 1);
            Session session = Session.of(model, Device.CPU);
            model.close();
            Tensor x = Tensor.randn(Device.CPU, 2, 3, 12, 12);
            assertThat(session.run(x).shape()).isEqualTo(Shape.of(2, 4));
            session.close();
            session.close();
            assertThatThrownBy(() -> session.run(x))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("session of 'resnet20' is closed");
        }
    }

    @Test
    void manyThreadsGetTheAnswersOfOne() throws Exception {
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (Model model = Models.create("kerasCnn", Shape.of(3, 32, 32), 10, 0.25, 1);
                Scope scope = Scope.open();
                Session session = Session.of(model, Device.CPU)) {
            List<float[]> pixels = new ArrayList<>();
            List<float[]> expected = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Tensor x = Tensor.randn(Device.CPU, 1, 3, 32, 32);
                pixels.add(x.toFloatArray());
                expected.add(session.run(x).toFloatArray());
            }
            List<Future<Boolean>> same = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int mine = i;
                same.add(pool.submit(() -> {
                    boolean equal = true;
                    for (int round = 0; round < 20; round++) {
                        try (Scope own = Scope.open()) {
                            Tensor y = session.run(Tensor.of(pixels.get(mine), 1, 3, 32, 32));
                            double off = y.sub(Tensor.of(expected.get(mine), 1, 10))
                                    .abs()
                                    .max()
                                    .item();
                            // The same sums, perhaps split otherwise among threads.
                            equal &= off <= 2304 * 0x1p-24 * y.abs().max().item();
                        }
                    }
                    return equal;
                }));
            }
            for (Future<Boolean> one : same) {
                assertThat(one.get(60, TimeUnit.SECONDS)).isTrue();
            }
        } finally {
            pool.shutdown();
            assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void severalInputsMustBeNamed() {
        try (Model model = ModelBuilder.of("one", IMAGE).relu().build(0);
                Scope scope = Scope.open();
                Session session = Session.of(model, Device.CPU)) {
            Tensor x = Tensor.randn(Device.CPU, 1, 3, 12, 12);
            assertThat(requireNonNull(session.run(Map.of("input", x)).get("logits"))
                            .min()
                            .item())
                    .isCloseTo(0, within(0.0));
            assertThatThrownBy(() -> session.run(Map.of("x", x))).hasMessageContaining("takes the inputs [input]");
        }
    }
}
