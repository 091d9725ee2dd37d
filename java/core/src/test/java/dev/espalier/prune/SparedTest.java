package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.prune.Budget.Of;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Set;
import org.junit.jupiter.api.Test;

@NoLeaks
class SparedTest {
    private static final Set<String> BLOCK = Set.of("stage3");

    @Test
    void aBlockMeansAllItsNodesAndNoOthers() {
        try (Model model = Models.resnet20(Shape.of(3, 32, 32), 10, 1)) {
            Graph graph = model.graph();
            Set<String> nodes = new Spared(Set.of("stage3", "conv1"), false).ignoredOf(graph);
            assertThat(nodes)
                    .contains("stage3.0.conv1", "stage3.2.conv2", "conv1")
                    .hasSameSizeAs(graph.nodes().stream()
                            .map(Node::name)
                            .filter(name -> name.startsWith("stage3.") || name.equals("conv1"))
                            .toList());
            assertThatThrownBy(() -> new Spared(Set.of("stage"), false).ignoredOf(graph))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("'stage' is not in graph 'resnet20'")
                    .hasMessageContaining("such as 'stage1.0.conv1'");
        }
    }

    @Test
    void aBlockKeepsItsChannelsAndItsWeights() {
        try (Scope scope = Scope.open();
                Model model = Models.resnet20(Shape.of(3, 32, 32), 10, 1)) {
            Graph graph = model.graph();
            assertThat(ChannelGroups.trace(graph, BLOCK).prunable())
                    .extracting(ChannelGroup::id)
                    .isNotEmpty()
                    .noneMatch(id -> id.startsWith("stage3."));
            Policy policy =
                    new Policy(Criterion.L1, Pattern.ELEMENT, ScoreScope.GLOBAL, Budget.of(0.5, Of.SPARSITY), BLOCK, 0);
            Mask mask = new Pruner(graph, policy)
                    .next(Mask.all(), Evidence.ofWeights(model.weights().asMap()));
            assertThat(mask.elements().keySet()).hasSize(15).noneMatch(name -> name.startsWith("stage3."));
        }
    }
}
