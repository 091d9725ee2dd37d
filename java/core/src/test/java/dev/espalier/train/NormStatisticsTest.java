package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.ImageSource;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

@NoLeaks
class NormStatisticsTest {
    private static TrainingState state() {
        try (Model model = ModelBuilder.of("toy", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                .convNorm(4, 3, 1, 1)
                .relu()
                .flatten()
                .dropout(0.5)
                .dense(3)
                .build(5)) {
            return TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU);
        }
    }

    @Test
    void statisticsAreTheMeanOverTheBatches() {
        Batches batches = ToyImages.training(48, 16);
        try (Scope scope = Scope.open();
                TrainingState state = state()) {
            double[] means = new double[4];
            double[] variances = new double[4];
            try (Cursor cursor = batches.epoch(0, 0)) {
                for (int batch = 0; batch < 2; batch++) {
                    Tensor images = cursor.next().input(ImageSource.INPUT);
                    long[] one = {1, 1};
                    ConvolutionWindow window = ConvolutionWindow.of(one, new long[] {1, 1, 1, 1}, one, 1);
                    Tensor weight = state.parameter("conv1.weight").detach();
                    Tensor maps = Nn.conv2d(images, weight, null, window);
                    float[] values = maps.permute(1, 0, 2, 3).contiguous().toFloatArray();
                    int each = values.length / 4;
                    for (int c = 0; c < 4; c++) {
                        double sum = 0;
                        for (int i = 0; i < each; i++) {
                            sum += values[c * each + i];
                        }
                        double squares = 0;
                        for (int i = 0; i < each; i++) {
                            squares += Math.pow(values[c * each + i] - sum / each, 2);
                        }
                        means[c] += sum / each / 2;
                        variances[c] += squares / (each - 1) / 2;
                    }
                }
            }
            byte[] random = Rng.state();
            SortedMap<String, byte[]> before = TrainerTest.bytes(new TreeMap<>(state.parameters()));
            NormStatistics.reestimate(state, batches, 2);
            assertThat(Rng.state()).isEqualTo(random);
            TrainerTest.assertSame(TrainerTest.bytes(new TreeMap<>(state.parameters())), before);
            int found = 0;
            for (String name : state.tensors().keySet()) {
                if (state.graph().isStatistic(name)) {
                    float[] got = state.tensors().get(name).toFloatArray();
                    double[] expected = state.graph().nodes().stream()
                                    .anyMatch(n -> n.inputs().size() == 5
                                            && n.inputs().get(3).equals(name))
                            ? means
                            : variances;
                    for (int c = 0; c < 4; c++) {
                        assertThat((double) got[c]).as(name).isCloseTo(expected[c], within(1e-4));
                    }
                    found++;
                }
            }
            assertThat(found).isEqualTo(2);
        }
    }

    /** A single image may have no variance, so a last batch of one takes no part. */
    @Test
    void aLastImageAloneIsLeftOut() {
        try (Scope scope = Scope.open();
                TrainingState all = state();
                TrainingState first = state()) {
            NormStatistics.reestimate(all, ToyImages.training(33, 16), 3);
            NormStatistics.reestimate(first, ToyImages.training(33, 16), 2);
            TrainerTest.assertSame(TrainerTest.bytes(all.tensors()), TrainerTest.bytes(first.tensors()));
        }
    }
}
