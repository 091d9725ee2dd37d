package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.ImageSource;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

@NoLeaks
class GradientEvidenceTest {
    private static TrainingState state(Model model) {
        try (model) {
            return TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU);
        }
    }

    private static Model plain() {
        return ModelBuilder.of("plain", Shape.of(1, 12, 12))
                .flatten()
                .dense(10)
                .relu()
                .dense(3)
                .build(5);
    }

    @Test
    void squaredGradientsAreThoseOfEachBatch() {
        try (Scope scope = Scope.open();
                TrainingState state = state(plain())) {
            // Batches of one pass: the first alone, then both; twice the second mean less the first is the second
            // batch's square.
            Map<String, Tensor> one = GradientEvidence.squares(state, ToyImages.training(60, 30), 1);
            Map<String, Tensor> both = GradientEvidence.squares(state, ToyImages.training(60, 30), 2);
            Map<String, Tensor> first = GradientEvidence.collect(state, ToyImages.training(60, 30), 1);
            Map<String, Tensor> mean = GradientEvidence.collect(state, ToyImages.training(60, 30), 2);
            first.forEach((name, gradient) -> {
                float[] g = gradient.toFloatArray();
                float[] m = mean.getOrDefault(name, gradient).toFloatArray();
                float[] squares = one.getOrDefault(name, gradient).toFloatArray();
                float[] means = both.getOrDefault(name, gradient).toFloatArray();
                for (int i = 0; i < g.length; i++) {
                    double second = 2 * (double) m[i] - g[i];
                    assertThat((double) squares[i]).isCloseTo((double) g[i] * g[i], within(1e-7));
                    assertThat((double) means[i]).isCloseTo(((double) g[i] * g[i] + second * second) / 2, within(1e-6));
                }
            });
        }
    }

    /** Of a linear classifier, whose second derivatives are written down in a line. */
    @Test
    void theHessianTimesTheGradientIsThatOfASoftmaxRegression() {
        Model linear = ModelBuilder.of("linear", Shape.of(1, 12, 12))
                .flatten()
                .dense(3)
                .build(5);
        try (Scope scope = Scope.open();
                TrainingState state = state(linear)) {
            Batches batches = ToyImages.training(30, 30);
            SortedMap<String, byte[]> before = TrainerTest.bytes(state.tensors());
            Map<String, Tensor> gradient = GradientEvidence.collect(state, batches, 1);
            Map<String, Tensor> product = GradientEvidence.timesHessian(state, batches, 1);
            TrainerTest.assertSame(TrainerTest.bytes(state.tensors()), before);
            float[] got = values(product, "dense1.weight");
            double[] expected = softmaxProduct(
                    batches,
                    values(state.tensors(), "dense1.weight"),
                    values(state.tensors(), "dense1.bias"),
                    values(gradient, "dense1.weight"),
                    values(gradient, "dense1.bias"));
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            assertThat(largest).isGreaterThan(0);
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(0.01 * largest));
            }
        }
    }

    /** What is masked is no parameter, so the step that the product is taken along does not go there. */
    @Test
    void theProductIsTakenAlongWhatIsLeft() {
        Model linear = ModelBuilder.of("linear", Shape.of(1, 12, 12))
                .flatten()
                .dense(3)
                .build(5);
        try (Scope scope = Scope.open();
                TrainingState state = state(linear)) {
            Batches batches = ToyImages.training(30, 30);
            Tensor positive = state.parameter("dense1.weight").detach().gt(0);
            state.mask(Map.of("dense1.weight", BitMask.pack(positive)));
            Map<String, Tensor> gradient = GradientEvidence.collect(state, batches, 1);
            float[] along = values(gradient, "dense1.weight");
            byte[] kept = positive.toBytes();
            for (int i = 0; i < along.length; i++) {
                along[i] *= kept[i];
            }
            float[] got = values(GradientEvidence.timesHessian(state, batches, 1), "dense1.weight");
            double[] expected = softmaxProduct(
                    batches,
                    values(state.tensors(), "dense1.weight"),
                    values(state.tensors(), "dense1.bias"),
                    along,
                    values(gradient, "dense1.bias"));
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(0.01 * largest));
            }
        }
    }

    /** 60 images are as many in batches of 40 and 20 as in one. */
    @Test
    void everyImageCountsAlike() {
        try (Scope scope = Scope.open();
                TrainingState state = state(plain())) {
            Map<String, Tensor> whole = GradientEvidence.collect(state, ToyImages.training(60, 60), 1);
            Map<String, Tensor> parts = GradientEvidence.collect(state, ToyImages.training(60, 40), 2);
            whole.forEach((name, gradient) -> {
                float[] expected = gradient.toFloatArray();
                // Sums of 60 products in another order.
                double largest = gradient.abs().max().item();
                assertThat(values(parts, name)).as(name).containsExactly(expected, within((float)
                        (60 * Math.ulp(1f) * Math.max(largest, 1))));
            });
        }
    }

    private static float[] values(Map<String, Tensor> tensors, String name) {
        return tensors.getOrDefault(name, Tensor.scalar(0)).toFloatArray();
    }

    /** With logits z = W x + b and p = softmax(z), the product's row k is the mean of (p_k (u_k - sum p u)) x, with u = V x + v. */
    private static double[] softmaxProduct(Batches batches, float[] w, float[] b, float[] v, float[] c) {
        double[] product = new double[w.length];
        int features = w.length / 3;
        try (Scope scope = Scope.open();
                Cursor cursor = batches.epoch(0, 0)) {
            Tensor images = cursor.next().input(ImageSource.INPUT);
            float[] x = images.toFloatArray();
            int n = (int) images.size(0);
            for (int row = 0; row < n; row++) {
                double[] p = new double[3];
                double[] u = new double[3];
                for (int k = 0; k < 3; k++) {
                    p[k] = b[k];
                    u[k] = c[k];
                    for (int j = 0; j < features; j++) {
                        p[k] += (double) w[k * features + j] * x[row * features + j];
                        u[k] += (double) v[k * features + j] * x[row * features + j];
                    }
                    p[k] = Math.exp(p[k]);
                }
                double all = Arrays.stream(p).sum();
                double mean = (p[0] * u[0] + p[1] * u[1] + p[2] * u[2]) / all;
                for (int k = 0; k < 3; k++) {
                    for (int j = 0; j < features; j++) {
                        product[k * features + j] += p[k] / all * (u[k] - mean) * x[row * features + j] / n;
                    }
                }
            }
        }
        return product;
    }
}
