package dev.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NoLeaks
class ModelTest {
    private static ModelBuilder net() {
        return ModelBuilder.of("net", Shape.of(3, 8, 8))
                .block("stem", b -> b.convNorm(4, 3, 1, 1).relu())
                .globalAveragePool()
                .dense(2);
    }

    @Test
    void namesTellLayerAndRole() {
        assertThat(net().graph().parameters().keySet())
                .containsExactly(
                        "stem.conv1.weight",
                        "stem.norm1.scale",
                        "stem.norm1.bias",
                        "stem.norm1.mean",
                        "stem.norm1.variance",
                        "dense1.weight",
                        "dense1.bias");
        assertThat(net().graph().inputs().keySet()).containsExactly("input");
        assertThat(net().graph().outputs()).containsExactly("logits");
    }

    @Test
    void weightsDependOnTheSeedAlone() {
        byte[] state = Rng.state();
        try (Model one = net().build(7)) {
            Rng.seed(99);
            try (Model same = net().build(7);
                    Model other = net().build(8)) {
                float[] first = one.weights().get("stem.conv1.weight").toFloatArray();
                assertThat(same.weights().get("stem.conv1.weight").toFloatArray())
                        .containsExactly(first);
                assertThat(other.weights().get("stem.conv1.weight").toFloatArray())
                        .isNotEqualTo(first);
            }
        } finally {
            Rng.restore(state);
        }
    }

    /** The variance of n normal draws has the relative deviation sqrt(2 / n); four of them are allowed. */
    @Test
    void weightsHaveTheVarianceOfHe() {
        try (Model model =
                        ModelBuilder.of("wide", Shape.of(64, 8, 8)).conv(64, 3).build(1);
                Scope scope = Scope.open()) {
            Tensor weight = model.weights().get("conv1.weight");
            long n = weight.numel();
            double expected = 2.0 / (64 * 9);
            assertThat(weight.square().mean().item()).isCloseTo(expected, within(4 * Math.sqrt(2.0 / n) * expected));
            assertThat(weight.mean().item()).isCloseTo(0, within(4 * Math.sqrt(expected / n)));
        }
    }

    @Test
    void copiesAreIndependent() {
        try (Model model = net().build(1);
                Model copy = model.copy()) {
            copy.weights().get("dense1.bias").fillInPlace(3);
            assertThat(model.weights().get("dense1.bias").toFloatArray()).containsOnly(0f);
        }
    }

    @Test
    void weightsMustFitTheGraph() {
        try (Model model = net().build(1);
                Scope scope = Scope.open();
                Weights none = Weights.copyOf(Map.of());
                Weights extra = Weights.copyOf(Map.of("ghost", Tensor.of(new float[] {1}, 1)))) {
            assertThatThrownBy(() -> new Model(model.graph(), none, Metadata.NONE))
                    .isInstanceOf(EspalierException.class)
                    .hasMessage("parameter 'stem.conv1.weight' has no weight");
            assertThatThrownBy(() -> new Model(
                            ModelBuilder.of("empty", Shape.of(1)).relu().graph(), extra, Metadata.NONE))
                    .hasMessage("weight 'ghost' belongs to no parameter of graph 'empty'");
            assertThatThrownBy(() -> none.get("w")).hasMessage("no weight is named 'w'");
        }
    }

    @Test
    void misshapenWeightsAreRefused() {
        try (Scope scope = Scope.open();
                Weights wrong = Weights.copyOf(Map.of(
                        "dense1.weight", Tensor.zeros(DType.F32, Device.CPU, 3, 2),
                        "dense1.bias", Tensor.zeros(DType.F32, Device.CPU, 2)))) {
            assertThatThrownBy(() ->
                            new Model(ModelBuilder.of("d", Shape.of(3)).dense(2).graph(), wrong, Metadata.NONE))
                    .hasMessage("weight 'dense1.weight' must be F32[2, 3], got F32[3, 2]");
        }
    }

    @Test
    void metadataIsChecked() {
        Shape rgb = Shape.of(3, 8, 8);
        assertThat(Preprocessing.unit(rgb).std()).containsExactly(1f, 1f, 1f);
        assertThatThrownBy(() -> new Preprocessing(rgb, List.of(0f), List.of(1f), "NCHW"))
                .hasMessageContaining("one value for each of the 3 channels");
        assertThatThrownBy(() -> new Preprocessing(Shape.of(1, 8, 8), List.of(0f), List.of(0f), "NCHW"))
                .hasMessageContaining("std must be positive");
        assertThatThrownBy(() -> new Preprocessing(Shape.of(1, 8, 8), List.of(0f), List.of(1f), "NHWC"))
                .hasMessageContaining("layout must be NCHW");
        Provenance provenance = Provenance.UNKNOWN.with("recipe", "r").with("data", "d");
        assertThat(provenance.facts().keySet()).containsExactly("data", "recipe");
    }
}
