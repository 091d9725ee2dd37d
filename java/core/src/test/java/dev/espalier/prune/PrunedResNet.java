package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.prune.Budget.Of;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A ResNet-20 of random weights with random evidence of every measure. */
abstract class PrunedResNet {
    final Graph graph = Models.layers("resnet20", Shape.of(3, 16, 16), 10, 1).graph();
    private Scope scope;
    Model model;
    Evidence evidence;

    @BeforeEach
    void open() {
        model = RandomModel.of(graph, 5);
        scope = Scope.open();
        Map<String, Tensor> gradients = new HashMap<>();
        try (Model other = RandomModel.of(graph, 6)) {
            other.weights().asMap().forEach((name, tensor) -> gradients.put(name, tensor.sub(0.2)));
        }
        evidence = Evidence.ofWeights(model.weights().asMap());
        for (Measure measure : Measure.values()) {
            evidence = evidence.with(measure, measure.isByGroup() ? perChannel() : gradients);
        }
    }

    private Map<String, Tensor> perChannel() {
        Map<String, Tensor> measured = new HashMap<>();
        ChannelGroups.trace(graph)
                .prunable()
                .forEach(g -> measured.put(g.id(), RandomScores.draw(7, g.id(), g.channels())));
        return measured;
    }

    @AfterEach
    void close() {
        scope.close();
        model.close();
    }

    static Policy policy(Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget) {
        return Policy.of(criterion, pattern, scope, budget);
    }

    Pruner pruner(Pattern pattern, ScoreScope scoreScope, double target, Of of) {
        return new Pruner(graph, policy(Criterion.L1, pattern, scoreScope, Budget.of(target, of)));
    }

    static long removed(BitMask bits) {
        return bits.shape().numel() - bits.kept();
    }
}
