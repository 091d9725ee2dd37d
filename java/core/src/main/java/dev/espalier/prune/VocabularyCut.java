package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.Gather;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Takes rows out of an embedding: callers go on feeding the ids that they fed, and a table in the graph leads each to its row.
 *
 * <p>An id whose row is gone is led to the row of one designated id, which stays. Masked, the rows that go are overwritten by that row,
 * so that both models agree on every id, whether it stays or goes.
 */
public final class VocabularyCut {
    private static final long SAMPLE_SEED = 20_240_229;

    private final Model model;
    private final Node lookup;
    private final String rows;
    private final Kept kept;
    private final int unknown;

    private VocabularyCut(Model model, Node lookup, Kept kept, int unknown) {
        this.model = model;
        this.lookup = lookup;
        this.rows = lookup.inputs().get(0);
        this.kept = kept;
        this.unknown = unknown;
    }

    /**
     * How many rows an embedding has.
     *
     * @throws PruningException if the node is no embedding, or its rows serve something besides
     */
    public static int rows(Graph graph, String node) {
        return Math.toIntExact(graph.type(lookup(graph, node).inputs().get(0)).dim(0));
    }

    /**
     * The value that holds an embedding's ids; of one that is fed with them, an input of the graph.
     *
     * @throws PruningException as {@link #rows} does
     */
    public static String ids(Graph graph, String node) {
        return lookup(graph, node).inputs().get(1);
    }

    private static Node lookup(Graph graph, String name) {
        Node node = graph.nodes().stream()
                .filter(n -> n.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new PruningException(
                        "graph '" + graph.name() + "' has no node '" + name + "' whose rows could go"));
        boolean embeds = node.op() instanceof Gather gather
                && gather.indices() == null
                && gather.axis() == 0
                && graph.parameters().containsKey(node.inputs().get(0))
                && graph.type(node.inputs().get(0)).rank() == 2;
        if (!embeds) {
            throw new PruningException("node '" + name + "' (" + node.op().type()
                    + ") is no embedding: expected a Gather of a weight's rows by numbers that are fed or computed");
        }
        String weight = node.inputs().get(0);
        for (Node other : graph.consumers(weight)) {
            if (!other.name().equals(name)) {
                throw new PruningException("the rows of '" + weight + "' must stay: node '" + other.name() + "' ("
                        + other.op().type() + ") reads them too, which would lose as many of what it computes");
            }
        }
        if (graph.outputs().contains(weight)) {
            throw new PruningException("the rows of '" + weight + "' must stay: they are an output of the graph");
        }
        return node;
    }

    /**
     * The rows of the greatest importance, and those that are needed.
     *
     * @param criterion one of L1, L2, LINF and RANDOM
     * @param share to be removed, from 0 up to but not including 1
     * @param needed ids whose rows stay: at least that of the unknown id
     */
    public static Kept best(
            Model model, String node, Criterion criterion, double share, Set<Integer> needed, long seed) {
        int all = rows(model.graph(), node);
        String weight = lookup(model.graph(), node).inputs().get(0);
        try (Scope scope = Scope.open()) {
            Tensor magnitudes = model.weights().get(weight).detach().abs();
            float[] scores = switch (criterion) {
                case L1 -> magnitudes.mean(false, 1).toFloatArray();
                case L2 -> magnitudes.square().mean(false, 1).sqrt().toFloatArray();
                case LINF -> magnitudes.amax(false, 1).toFloatArray();
                case RANDOM -> RandomScores.draw(seed, node, all).toFloatArray();
                default ->
                    throw new PruningException("criterion " + criterion
                            + " does not score rows of an embedding; use L1, L2, LINF or RANDOM");
            };
            int stay = Math.max(Math.max(1, needed.size()), all - (int) Math.floor(share * all + 1e-9));
            int[] kept = IntStream.range(0, all)
                    .boxed()
                    .sorted(Comparator.<Integer, Boolean>comparing(id -> !needed.contains(id))
                            .thenComparing((a, b) -> Float.compare(scores[b], scores[a])))
                    .limit(stay)
                    .mapToInt(i -> i)
                    .toArray();
            return Kept.of(all, kept);
        }
    }

    /**
     * The model without the other rows, proved on samples with all ids.
     *
     * @param node the embedding
     * @param unknown the id whose row stands in for those that go
     * @throws PruningException if the unknown id is none that stays, or the node no embedding
     * @throws CompactionException if the smaller model is not proved equal to the masked one
     */
    public static Compacted cut(Model model, String node, Kept kept, int unknown) {
        Node lookup = lookup(model.graph(), node);
        int all = rows(model.graph(), node);
        if (kept.channels() != all) {
            throw new PruningException(
                    "embedding '" + node + "' has " + all + " rows, the choice is of " + kept.channels());
        }
        if (unknown < 0 || unknown >= all || !kept.has(unknown)) {
            throw new PruningException("the unknown id must be one of the " + kept.count() + " that stay of " + all
                    + " in embedding '" + node + "', got " + unknown);
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            return new VocabularyCut(model, lookup, kept, unknown).run();
        }
    }

    private Compacted run() {
        Graph graph = model.graph();
        Graph smaller = smaller();
        Map<String, Tensor> weights = new LinkedHashMap<>();
        model.weights()
                .asMap()
                .forEach((name, tensor) -> weights.put(name, tensor.detach().copy()));
        Tensor whole = model.weights().get(rows).detach();
        weights.put(rows, whole.indexSelect(0, Indices.tensor(kept.indices(), whole.device())));
        weights.put(table(), Tensor.of(places(), kept.channels()).to(whole.device()));
        Map<String, Tensor> masked = new LinkedHashMap<>(model.weights().asMap());
        masked.put(rows, whole.indexSelect(0, Indices.tensor(standIns(), whole.device())));
        EqualityCheck check = new EqualityProof(
                        graph, EqualityProof.onHost(masked), smaller, EqualityProof.onHost(weights))
                .compare(Samples.normal(graph, SAMPLE_SEED));
        if (!check.passed()) {
            throw new CompactionException(
                    "the model with " + kept + " of '" + rows + "' differs from the masked one by " + check.maxAbsDiff()
                            + ", more than rounding explains (" + check.tolerance() + ")");
        }
        CompactionReport report = new CompactionReport(
                Size.of(graph, model.weights().asMap()),
                Size.of(smaller, weights),
                check,
                List.of(),
                List.of(),
                List.of());
        return new Compacted(new Model(smaller, Weights.adopt(weights), model.metadata()), Map.of(), Map.of(), report);
    }

    private String table() {
        return rows + ".places";
    }

    /** For every id the row that it reads in the smaller embedding. */
    private long[] places() {
        long[] places = new long[kept.channels()];
        int[] stay = kept.indices();
        Arrays.fill(places, Arrays.binarySearch(stay, unknown));
        for (int place = 0; place < stay.length; place++) {
            places[stay[place]] = place;
        }
        return places;
    }

    /** For every id the id whose row it reads in the masked embedding. */
    private int[] standIns() {
        return IntStream.range(0, kept.channels())
                .map(id -> kept.has(id) ? id : unknown)
                .toArray();
    }

    private Graph smaller() {
        Graph graph = model.graph();
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        TensorType type = graph.type(rows);
        parameters.put(rows, type.withShape(kept.count(), type.dim(1)));
        parameters.put(table(), new TensorType(DType.I64, Shape.of(kept.channels())));
        String place = lookup.name() + ".place";
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.name().equals(lookup.name())) {
                String ids = node.inputs().get(1);
                nodes.add(new Node(place, Gather.embedding(), List.of(table(), ids), List.of(place)));
                nodes.add(node.withInputs(List.of(rows, place)));
            } else {
                nodes.add(node);
            }
        }
        return graph.with(nodes, parameters);
    }
}
