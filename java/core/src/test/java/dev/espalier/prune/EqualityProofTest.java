package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the proof accepts of models at the edge of what F32 can show, and what it calls no proof. */
@NoLeaks
class EqualityProofTest {
    /** Fresh weights without calibration: the outputs vary so little that F32 may be too coarse. */
    @ParameterizedTest
    @ValueSource(strings = {"vgg16bn", "resnet56"})
    void modelsThatWereNeverTrainedAreProvedToo(String name) {
        try (Model model = Models.create(name, Shape.of(3, 32, 32), 10, 0.125, 1)) {
            ChannelGroups groups = ChannelGroups.trace(model.graph());
            for (double ratio : new double[] {0.5, 0.75}) {
                try (Compacted compacted = Compaction.compact(model, groups, RandomModel.mask(groups, ratio, 3))) {
                    assertThat(compacted.outcome().check().passed()).isTrue();
                }
            }
        }
    }

    @Test
    void aModelThatDoesNotListenToItsInputsProvesNothing() {
        Graph graph = Networks.chain();
        ChannelGroups groups = ChannelGroups.trace(graph);
        try (Model model = RandomModel.of(graph, 2)) {
            model.weights().get("conv1.weight").zeroInPlace();
            assertThatThrownBy(() -> Compaction.compact(model, groups, RandomModel.mask(groups, 0.5, 1)))
                    .isInstanceOf(CompactionException.class)
                    .hasMessageContaining("'logits'")
                    .hasMessageContaining("varies by only");
        }
    }

    @Test
    void infiniteOutputsProveNothing() {
        Graph graph = Networks.flatten();
        ChannelGroups groups = ChannelGroups.trace(graph);
        try (Model model = RandomModel.of(graph, 2)) {
            model.weights().get("dense2.bias").fillInPlace(Double.POSITIVE_INFINITY);
            assertThatThrownBy(() -> Compaction.compact(model, groups, RandomModel.mask(groups, 0.5, 1)))
                    .isInstanceOf(CompactionException.class)
                    .hasMessageContaining("not finite");
        }
    }
}
