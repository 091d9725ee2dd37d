package dev.espalier.train;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.Batch;
import dev.espalier.data.ImageSource;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Tanh;
import dev.espalier.op.Window;
import dev.espalier.plan.Trial;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training steps whose masked convolutions are native against steps that libtorch differentiates as a whole. */
@NoLeaks
class SegmentsTest {
    private static final int IMAGES = 20;
    private static final Shape IMAGE = Shape.of(3, 16, 16);

    @BeforeAll
    static void seeded() {
        Rng.seed(4);
    }

    /**
     * Biases, strides, groups, branches that meet, values that several nodes read. Every operator is smooth: rounding must not decide
     * on which side of a kink a value lies.
     */
    private static Model branches() {
        return ModelBuilder.of("branches", IMAGE)
                .conv(8, Window.square(3, 1, 1), 1, true)
                .op("tanh", new Tanh())
                .residual(
                        branch -> branch.conv(8, Window.square(3, 1, 1), 2, true)
                                .op("tanh", new Tanh())
                                .conv(8, Window.square(3, 1, 1), 1, true),
                        shortcut -> shortcut.conv(8, Window.square(1, 1, 0), 1, true))
                .concat(List.of(
                        a -> a.conv(6, Window.square(3, 2, 1), 1, true),
                        b -> b.conv(4, Window.square(1, 2, 0), 1, true)))
                .op("tanh", new Tanh())
                .globalAveragePool()
                .flatten()
                .dense(4)
                .build(6);
    }

    /** Residual blocks with normalisation, shortcuts that are cut as they are, one that changes the resolution. */
    private static Model normalised() {
        ModelBuilder model =
                ModelBuilder.of("normalised", IMAGE).convNorm(8, 3, 1, 1).op("tanh", new Tanh());
        for (int block = 0; block < 3; block++) {
            model.residual(
                            branch -> branch.convNorm(8, 3, 1, 1)
                                    .op("tanh", new Tanh())
                                    .convNorm(8, 3, 1, 1),
                            shortcut -> {})
                    .op("tanh", new Tanh());
        }
        return model.residual(
                        branch -> branch.convNorm(12, 3, 2, 1)
                                .op("tanh", new Tanh())
                                .convNorm(12, 3, 1, 1),
                        shortcut -> shortcut.convNorm(12, 1, 2, 0))
                .op("tanh", new Tanh())
                .globalAveragePool()
                .flatten()
                .dense(4)
                .build(7);
    }

    /** At sparsity 0 without masks. */
    private static TrainingState masked(Model made, double sparsity) {
        try (Model model = made) {
            TrainingState state = TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU);
            Map<String, BitMask> masks = new TreeMap<>();
            state.parameters().forEach((parameter, tensor) -> {
                if (tensor.rank() == 4 && sparsity > 0) {
                    long[] dims = tensor.shape().toArray();
                    masks.put(
                            parameter,
                            BitMask.pack(Tensor.rand(Device.CPU, dims).gt(sparsity)));
                }
            });
            state.mask(masks);
            return state;
        }
    }

    /** The gradients of one step, those of masked weights zero, by parameter. */
    private static Map<String, Tensor> gradients(TrainingState state, Segments segments, Tape tape, Batch batch) {
        Tensor loss = segments.classifier()
                .see(state.tensors(), batch, Evaluation.TRAINING)
                .loss(0.1);
        loss.backward();
        tape.unwind();
        state.maskGradients();
        Map<String, Tensor> gradients = new TreeMap<>();
        state.parameters().forEach((name, parameter) -> {
            gradients.put(name, requireNonNull(parameter.grad(), name).copy());
            parameter.clearGrad();
        });
        return gradients;
    }

    private static Batch batch(Tensor images, Tensor labels) {
        return new Batch(Map.of(ImageSource.INPUT, images), labels, new int[IMAGES]);
    }

    @ParameterizedTest
    @CsvSource({"branches, 0.8", "normalised, 0.8", "branches, 0", "normalised, 0"})
    void gradientsDifferByRoundingOnly(String name, double sparsity) {
        Model model = name.equals("branches") ? branches() : normalised();
        try (Scope scope = Scope.open();
                Tape tape = new Tape();
                TrainingState state = masked(model, sparsity)) {
            Map<String, MaskedConv2d> all = Segments.candidates(state, tape, sparsity == 0 ? 0 : 0.5);
            assertThat(all).hasSizeGreaterThan(3);
            Tensor images = Tensor.rand(Device.CPU, IMAGES, 3, 16, 16);
            Tensor labels = Tensor.of(new long[] {0, 1, 2, 3, 3, 2, 1, 0, 0, 0, 1, 1, 2, 2, 3, 3, 0, 2, 1, 3}, IMAGES);
            Segments dense = Segments.of(state, Map.of(), tape);
            Map<String, Tensor> expected = gradients(state, dense, tape, batch(images, labels));
            // The same sums in another order: what rounding alone may change.
            Map<String, Tensor> reversed = gradients(state, dense, tape, batch(images.flip(0), labels.flip(0)));
            Map<String, Tensor> actual = gradients(state, Segments.of(state, all, tape), tape, batch(images, labels));
            expected.forEach((parameter, gradient) -> {
                double noise = distance(requireNonNull(reversed.get(parameter)), gradient);
                double error = distance(requireNonNull(actual.get(parameter)), gradient);
                assertThat(error).as(parameter).isLessThanOrEqualTo(16 * noise + 1e-6 * norm(gradient));
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"branches", "normalised"})
    void askedWithoutGradientsTheNativeKernelsAgree(String name) {
        try (Model model = name.equals("branches") ? branches() : normalised();
                Inference natively = Inference.of(model.graph(), model.weights().asMap(), true);
                Inference plain = Inference.of(model.graph(), model.weights().asMap(), false);
                Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            assertThat(natively.natively()).hasSizeGreaterThan(3);
            assertThat(plain.natively()).isEmpty();
            Batch batch =
                    batch(Tensor.rand(Device.CPU, IMAGES, 3, 16, 16), Tensor.full(0, DType.I64, Device.CPU, IMAGES));
            Tensor expected = plain.see(batch).logits();
            Tensor actual = natively.see(batch).logits();
            assertThat(distance(actual, expected)).isPositive().isLessThanOrEqualTo(1e-5 * norm(expected));
        }
    }

    @Test
    void aResumedRunChoosesAsItDidBefore() {
        try (Scope scope = Scope.open();
                TrainingState state = masked(branches(), 0.8)) {
            Trial first = new Trial(3, 2);
            assertThat(state.trial("conv", () -> first)).isEqualTo(first);
            Snapshot.Builder snapshot = new Snapshot.Builder();
            state.save(snapshot);
            OptimizerRecipe recipe = Recipe.defaults().optimizer();
            try (TrainingState resumed = TrainingState.restored(snapshot.build(), state.graph(), recipe, Device.CPU)) {
                assertThat(resumed.trial("conv", () -> new Trial(0, 0))).isEqualTo(first);
            }
        }
    }

    @Test
    void stepsOfAnySizeAndNewPlansLeaveNoMemoryBehind() {
        try (Scope scope = Scope.open();
                Tape tape = new Tape();
                TrainingState state = masked(branches(), 0.8)) {
            long before = 0;
            for (int round = 0; round < 4; round++) {
                Segments segments = Segments.of(state, Segments.candidates(state, tape, 0.5), tape);
                for (int n : new int[] {20, 5}) {
                    try (Scope step = Scope.open()) {
                        Tensor labels = Tensor.zeros(DType.I64, Device.CPU, n);
                        Tensor images = Tensor.rand(Device.CPU, n, 3, 16, 16);
                        gradients(
                                state,
                                segments,
                                tape,
                                new Batch(Map.of(ImageSource.INPUT, images), labels, new int[n]));
                    }
                }
                // The first round makes what stays.
                if (round > 0) {
                    assertThat(Scope.liveTensors()).isEqualTo(before);
                }
                before = Scope.liveTensors();
            }
        }
    }

    @Test
    void planningDrawsNoRandomNumber() {
        try (Scope scope = Scope.open();
                Tape tape = new Tape();
                TrainingState state = masked(branches(), 0.9)) {
            byte[] before = Rng.state();
            Segments.plan(state, true, 4, tape);
            assertThat(Rng.state()).isEqualTo(before);
        }
    }

    private static double norm(Tensor gradient) {
        return gradient.to(DType.F64).norm().item();
    }

    private static double distance(Tensor a, Tensor b) {
        return norm(a.sub(b));
    }
}
