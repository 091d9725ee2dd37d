package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Gather;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class VocabularyCutTest {
    private static Model model(String name) {
        return Models.create(name, Models.exampleSample(name), 5, 0.25, 3);
    }

    private static String embedding(Graph graph) {
        return graph.nodes().stream()
                .filter(node -> node.op() instanceof Gather)
                .map(Node::name)
                .findFirst()
                .orElseThrow();
    }

    private static Tensor output(Model model, Tensor ids) {
        String input = model.graph().inputs().keySet().iterator().next();
        return Execution.run(model.graph(), model.weights().asMap(), Map.of(input, ids), Evaluation.INFERENCE)
                .values()
                .iterator()
                .next();
    }

    private static Tensor ids(Model model, int first) {
        long length = model.graph().inputs().values().iterator().next().dim(1);
        float[] values = new float[(int) length];
        for (int i = 0; i < length; i++) {
            values[i] = i == 0 ? first : 7 * i;
        }
        DType type = model.graph().inputs().values().iterator().next().dtype();
        return Tensor.of(values, 1, length).to(type);
    }

    @Test
    void rowsThatAreNeededStayHoweverSmallTheyAre() {
        try (Model model = model("textCnn")) {
            String node = embedding(model.graph());
            assertThat(VocabularyCut.ids(model.graph(), node)).isEqualTo("input");
            Kept kept = VocabularyCut.best(model, node, Criterion.L2, 0.75, Set.of(1), 0);
            int[] gone = IntStream.range(0, kept.channels())
                    .filter(id -> !kept.has(id))
                    .limit(3)
                    .toArray();
            Set<Integer> needed = Arrays.stream(gone).boxed().collect(Collectors.toSet());
            Kept others = VocabularyCut.best(model, node, Criterion.L2, 0.75, needed, 0);
            assertThat(others.count()).isEqualTo(kept.count());
            assertThat(needed).allMatch(others::has);
            assertThat(VocabularyCut.best(model, node, Criterion.L2, 0.9999, needed, 0)
                            .indices())
                    .isEqualTo(gone);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"textCnn", "biLstm", "bertTiny"})
    void oldIdsAreFedAndIdsThatWentReadTheUnknownRow(String name) {
        try (Model model = model(name);
                Scope scope = Scope.open()) {
            Graph graph = model.graph();
            String node = embedding(graph);
            String weight = graph.node(node).inputs().get(0);
            Kept kept = VocabularyCut.best(model, node, Criterion.L2, 0.75, Set.of(1), 0);
            assertThat(kept.count()).isEqualTo(Models.VOCABULARY / 4);
            assertThat(kept.has(1)).isTrue();
            try (Compacted compacted = VocabularyCut.cut(model, node, kept, 1)) {
                Model left = compacted.model();
                assertThat(compacted.outcome().check().passed()).isTrue();
                assertThat(left.graph().inputs()).isEqualTo(graph.inputs());
                assertThat(left.graph().type(weight).dim(0)).isEqualTo(Models.VOCABULARY / 4);
                assertThat(left.graph().parameterCount())
                        .isEqualTo(graph.parameterCount()
                                - Models.VOCABULARY
                                        * 3L
                                        / 4
                                        * graph.type(weight).dim(1));
                int gone = 0;
                while (kept.has(gone)) {
                    gone++;
                }
                Tensor unknown = output(left, ids(model, 1));
                assertThat(output(left, ids(model, gone))
                                .sub(unknown)
                                .abs()
                                .max()
                                .item())
                        .isZero();
            }
        }
    }

    /** Ids that stay are read as before, to the bit. */
    @Test
    void idsThatStayMeanTheSame() {
        try (Model model = model("textCnn");
                Scope scope = Scope.open()) {
            String node = embedding(model.graph());
            int[] low = IntStream.range(0, 2_000).toArray();
            try (Compacted compacted = VocabularyCut.cut(model, node, Kept.of(Models.VOCABULARY, low), 1)) {
                Tensor same = ids(model, 1_999);
                assertThat(output(compacted.model(), same)
                                .sub(output(model, same))
                                .abs()
                                .max()
                                .item())
                        .isZero();
            }
        }
    }

    @Test
    void whatIsNoEmbeddingOfItsOwnIsRefused() {
        try (Model model = model("textCnn")) {
            Graph graph = model.graph();
            String node = embedding(graph);
            Kept half = Kept.of(Models.VOCABULARY, IntStream.range(0, 4_000).toArray());
            assertThatThrownBy(() -> VocabularyCut.cut(model, node, half, 5_000))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("unknown id must be one of the 4000 that stay");
            assertThatThrownBy(() -> VocabularyCut.cut(model, node, Kept.all(3), 0))
                    .hasMessageContaining("8000 rows");
            assertThatThrownBy(() -> VocabularyCut.rows(graph, "nobody")).hasMessageContaining("no node 'nobody'");
            String other = graph.nodes().get(graph.nodes().size() - 1).name();
            assertThatThrownBy(() -> VocabularyCut.rows(graph, other)).hasMessageContaining("is no embedding");
            assertThatThrownBy(() -> VocabularyCut.best(model, node, Criterion.TAYLOR, 0.5, Set.of(1), 0))
                    .hasMessageContaining("use L1, L2, LINF or RANDOM");
        }
    }

    /** An embedding whose rows are also the weights of a product, as in language models. */
    @Test
    void rowsThatAreReadTwiceStay() {
        Graph tied = ConformanceGraphs.graph("tiedEmbedding");
        String node = embedding(tied);
        assertThatThrownBy(() -> VocabularyCut.rows(tied, node))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("reads them too");
    }
}
