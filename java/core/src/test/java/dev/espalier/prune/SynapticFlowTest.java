package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NoLeaks
class SynapticFlowTest {
    /** Of two layers: what a first weight w[j][i] carries is the sum of the second layer's magnitudes that read unit j. */
    @Test
    void ofTwoLayersIsASumOfProducts() {
        Graph graph =
                ModelBuilder.of("two", Shape.of(4)).dense(5).relu().dense(3).graph();
        try (Scope scope = Scope.open();
                Model model = RandomModel.of(graph, 9)) {
            Map<String, Tensor> weights = model.weights().asMap();
            Map<String, Tensor> flow = new SynapticFlow(ChannelGroups.trace(graph), weights).gradients(Mask.all());
            float[] first = values(weights, "dense1.weight");
            float[] bias = values(weights, "dense1.bias");
            float[] second = values(weights, "dense2.weight");
            double[] up = new double[20];
            double[] down = new double[15];
            // The bias of an output carries 1.
            double greatest = 1;
            for (int j = 0; j < 5; j++) {
                double read = 0;
                for (int k = 0; k < 3; k++) {
                    read += Math.abs(second[k * 5 + j]);
                }
                double unit = Math.abs(bias[j]);
                for (int i = 0; i < 4; i++) {
                    unit += Math.abs(first[j * 4 + i]);
                    up[j * 4 + i] = read;
                }
                for (int k = 0; k < 3; k++) {
                    down[k * 5 + j] = unit;
                }
                greatest = Math.max(greatest, Math.max(read, unit));
            }
            float[] gotUp = values(flow, "dense1.weight");
            float[] gotDown = values(flow, "dense2.weight");
            for (int i = 0; i < up.length; i++) {
                assertThat((double) gotUp[i]).isCloseTo(up[i] / greatest, within(1e-6));
            }
            for (int i = 0; i < down.length; i++) {
                assertThat((double) gotDown[i]).isCloseTo(down[i] / greatest, within(1e-6));
            }
        }
    }

    private static float[] values(Map<String, Tensor> tensors, String name) {
        return tensors.getOrDefault(name, Tensor.scalar(0)).toFloatArray();
    }

    @Test
    void tokensAreRefusedByName() {
        Graph graph = ModelBuilder.tokens("text", 5)
                .embedding(10, 4)
                .flatten()
                .dense(3)
                .graph();
        assertThatThrownBy(() -> new SynapticFlow(ChannelGroups.trace(graph), Map.of()))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("SYNFLOW feeds ones; input '");
    }
}
