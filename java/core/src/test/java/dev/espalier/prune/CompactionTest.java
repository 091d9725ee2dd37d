package dev.espalier.prune;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Weights;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.Optimizer;
import dev.espalier.train.OptimizerRecipe;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@NoLeaks
class CompactionTest {
    private static final OptimizerRecipe HEAVY_BALL = new OptimizerRecipe(
            OptimizerRecipe.Kind.SGD,
            0.1,
            0,
            true,
            new OptimizerRecipe.Momentum(0.9, false),
            new OptimizerRecipe.Moments(0.9, 0.999, 1e-8));

    static Stream<Arguments> cases() {
        return ConformanceGraphs.casesOfAllRatios();
    }

    @ParameterizedTest(name = "{0} without {1}, seed {2}")
    @MethodSource("cases")
    void aCompactedModelEqualsTheMaskedOne(String name, double ratio, int seed) {
        Graph graph = ConformanceGraphs.graph(name);
        ChannelGroups groups = ChannelGroups.trace(graph);
        Mask mask = RandomModel.mask(groups, ratio, 7 + seed);
        try (Model model = RandomModel.calibrated(groups, mask, 3 + seed);
                Scope scope = Scope.open();
                Compacted compacted = Compaction.compact(model, groups, mask, doubled(model))) {
            EqualityCheck check = compacted.outcome().check();
            assertThat(check.passed()).isTrue();
            assertThat(check.maxAbsDiff()).isLessThanOrEqualTo(check.tolerance());
            // The tolerance is derived; the difference must also be small in relation to the largest output.
            double relativeTolerance = 6 * Math.sqrt(2) * 0x1p-24 * Math.sqrt(EqualityProof.accumulated(graph));
            assertThat(check.maxAbsDiff() / check.tolerance() * relativeTolerance)
                    .isLessThan(1e-5);
            boolean inexact = ConformanceGraphs.isInexact(name);
            assertThat(check.deviation() > 0).isEqualTo(inexact);
            assertThat(compacted.outcome().approximations().isEmpty()).isEqualTo(!inexact);
            widthsAreAsPlanned(groups, mask, compacted.model().graph());
            countsAgreeWithARecount(compacted);
            oneTrainingStepHasFiniteGradients(compacted);
        }
    }

    /** A momentum that can be told from its parameter: twice its value. */
    static Map<String, List<Tensor>> doubled(Model model) {
        Map<String, List<Tensor>> state = new LinkedHashMap<>();
        model.weights().asMap().forEach((name, weight) -> state.put(name, List.of(weight.mul(2))));
        return state;
    }

    private static void widthsAreAsPlanned(ChannelGroups groups, Mask mask, Graph smaller) {
        groups.graph().parameters().forEach((parameter, type) -> {
            for (int axis = 0; axis < type.rank(); axis++) {
                Set<Integer> gone = new HashSet<>();
                for (ChannelGroup group : groups.prunable()) {
                    for (Member member : group.members()) {
                        if (member.parameter().equals(parameter) && member.axis() == axis) {
                            IntStream.range(0, group.channels())
                                    .filter(channel -> !mask.kept(group).has(channel))
                                    .flatMap(channel ->
                                            IntStream.of(member.indices().of(channel)))
                                    .forEach(gone::add);
                        }
                    }
                }
                assertThat(smaller.type(parameter).dim(axis))
                        .as(parameter + " axis " + axis)
                        .isEqualTo(type.dim(axis) - gone.size());
            }
        });
    }

    /** Counts from the tensors that a run really sees, not from the graph's types. */
    static void countsAgreeWithARecount(Compacted compacted) {
        Model model = compacted.model();
        Recount recount = new Recount(model.graph());
        try (Scope scope = Scope.open()) {
            Execution.run(model.graph(), model.weights().asMap(), single(model.graph()), Evaluation.INFERENCE, recount);
        }
        long parameters = model.weights().asMap().entrySet().stream()
                .filter(e -> !e.getKey().endsWith(".mean") && !e.getKey().endsWith(".variance"))
                .mapToLong(e -> e.getValue().numel())
                .sum();
        assertThat(compacted.outcome().after().parameters()).isEqualTo(parameters);
        assertThat(compacted.outcome().after().macs()).isEqualTo(recount.macs());
        assertThat(compacted.outcome().before().parameters()).isGreaterThan(parameters);
        assertThat(compacted.outcome().before().macs()).isGreaterThan(recount.macs());
    }

    private static Map<String, Tensor> single(Graph graph) {
        Map<String, Tensor> one = new LinkedHashMap<>();
        Samples.normal(graph, 1).get(0).forEach((name, batch) -> one.put(name, batch.narrow(0, 0, 1)));
        return one;
    }

    /** A step of SGD whose momentum was cut with the weights; all of it stays finite, and it moves every weight. */
    static void oneTrainingStepHasFiniteGradients(Compacted compacted) {
        Model model = compacted.model();
        Graph graph = model.graph();
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            Map<String, Tensor> parameters = new TreeMap<>();
            model.weights().asMap().forEach((name, tensor) -> {
                boolean trained = !graph.isStatistic(name);
                weights.put(name, tensor.copy().setRequiresGrad(trained));
                if (trained) {
                    parameters.put(name, weights.get(name));
                }
            });
            try (Optimizer optimizer = Optimizer.create(HEAVY_BALL, parameters)) {
                Map<String, List<Tensor>> kept = new LinkedHashMap<>(compacted.state());
                kept.keySet().retainAll(parameters.keySet());
                optimizer.replaceState(kept);
                Tensor loss = Tensor.scalar(0);
                Map<String, Tensor> outputs =
                        Execution.run(graph, weights, Samples.normal(graph, 1).get(0), new Evaluation(true));
                for (Tensor output : outputs.values()) {
                    loss = loss.add(output.sub(1).square().mean());
                }
                loss.backward();
                parameters.forEach((name, weight) -> {
                    Tensor gradient = weight.grad();
                    assertThat(gradient).as(name).isNotNull();
                    assertThat(requireNonNull(gradient).allFinite()).as(name).isTrue();
                });
                try (Grad off = Grad.disabled()) {
                    optimizer.update(parameters, Map.of(), 0.1, 1);
                }
                parameters.forEach((name, weight) -> {
                    Tensor before = model.weights().get(name);
                    // Momentum was twice the weight: velocity 0.9 * 2 w + g, times the rate 0.1.
                    Tensor expected = before.sub(
                            before.mul(1.8).add(requireNonNull(weight.grad())).mul(0.1));
                    double scale = Math.max(1, expected.abs().max().item());
                    assertThat(weight.detach().sub(expected).abs().max().item())
                            .as(name)
                            .isLessThan(1e-5 * scale);
                });
            }
        }
    }

    static Stream<Arguments> controls() {
        return ConformanceGraphs.cases(ConformanceGraphs.controls());
    }

    /**
     * The negative control: the same widths, but one kept index of one weight replaced by a removed one. Only a channel that a ReLU
     * silences on all samples may hide the exchange, so the first kept channel that is alive must betray it.
     */
    @ParameterizedTest(name = "{0} without {1}, seed {2}")
    @MethodSource("controls")
    void oneShiftedIndexMakesTheProofFail(String name, double ratio, int seed) {
        Graph graph = ConformanceGraphs.graph(name);
        ChannelGroups groups = ChannelGroups.trace(graph);
        Mask mask = RandomModel.mask(groups, ratio, 7 + seed);
        try (Model model = RandomModel.calibrated(groups, mask, 3 + seed);
                Scope scope = Scope.open()) {
            Map<String, List<Tensor>> sources = new LinkedHashMap<>();
            Map<String, Tensor> masked = new LinkedHashMap<>();
            model.weights().asMap().forEach((p, t) -> sources.put(p, List.of(t)));
            model.weights().asMap().forEach((p, t) -> masked.put(p, t.copy()));
            try (MaskedWeights zeros = MaskedWeights.of(groups, mask, Device.CPU)) {
                zeros.apply(masked);
            }
            Map<String, Tensor> right = firsts(WeightCut.cut(groups, mask.channels(), sources));
            Graph smaller = GraphCut.of(groups, mask.channels());
            List<Map<String, Tensor>> samples = Samples.normal(graph, 5);
            assertThat(new EqualityProof(graph, masked, smaller, right)
                            .compare(samples)
                            .passed())
                    .isTrue();

            ChannelGroup group = groups.prunable().stream()
                    .filter(g -> mask.kept(g).count() < g.channels())
                    .reduce((before, last) -> last)
                    .orElseThrow();
            String reader = group.members().get(group.members().size() - 1).parameter();
            assertThat(IntStream.of(mask.kept(group).indices()).boxed()).anySatisfy(channel -> {
                Map<String, Kept> wrong = new LinkedHashMap<>(mask.channels());
                wrong.put(group.id(), exchanged(mask.kept(group), channel));
                Map<String, Tensor> broken = new LinkedHashMap<>(right);
                broken.put(reader, firsts(WeightCut.cut(groups, wrong, sources)).get(reader));
                assertThat(new EqualityProof(graph, masked, smaller, broken)
                                .compare(samples)
                                .passed())
                        .isFalse();
            });
        }
    }

    private static Map<String, Tensor> firsts(Map<String, List<Tensor>> tensors) {
        Map<String, Tensor> firsts = new LinkedHashMap<>();
        tensors.forEach((name, all) -> firsts.put(name, all.get(0)));
        return firsts;
    }

    /** As many channels, but the first removed one in place of this one. */
    private static Kept exchanged(Kept kept, int channel) {
        int removed = 0;
        while (kept.has(removed)) {
            removed++;
        }
        int other = removed;
        return Kept.of(
                kept.channels(),
                IntStream.of(kept.indices()).map(i -> i == channel ? other : i).toArray());
    }

    @Test
    void channelsArePrunedWithoutAScopeAround() {
        Graph graph = Networks.residual();
        Policy policy =
                Policy.of(Criterion.L2, Pattern.CHANNEL, ScoreScope.GLOBAL, Budget.of(0.5, Budget.Of.PARAMETERS));
        Pruner pruner = new Pruner(graph, policy);
        try (Model model = RandomModel.of(graph, 4)) {
            Evidence evidence = Evidence.ofWeights(model.weights().asMap());
            Mask mask = pruner.next(pruner.next(Mask.all(), evidence, 0.2), evidence);
            try (Compacted compacted = Compaction.compact(model, pruner.groups(), mask)) {
                assertThat(2 * compacted.outcome().after().parameters())
                        .isLessThanOrEqualTo(compacted.outcome().before().parameters());
            }
        }
    }

    @Test
    void optimiserStateAndBitMasksAreCutLikeTheirParameter() {
        Graph graph = Networks.residual();
        ChannelGroups groups = ChannelGroups.trace(graph);
        Mask channels = RandomModel.mask(groups, 0.5, 1);
        try (Model model = RandomModel.of(graph, 2);
                Scope scope = Scope.open()) {
            Map<String, List<Tensor>> state = new LinkedHashMap<>();
            model.weights().asMap().forEach((p, t) -> state.put(p, List.of(t.mul(2), t.square())));
            Tensor positive = model.weights().get("conv2.weight").gt(0);
            Mask mask = Mask.of(Map.of("conv2.weight", BitMask.pack(positive)), channels.channels());
            try (Compacted compacted = Compaction.compact(model, groups, mask, state)) {
                compacted.model().weights().asMap().forEach((name, weight) -> {
                    List<Tensor> cut = Objects.requireNonNull(compacted.state().get(name));
                    assertThat(cut.get(0).shape()).isEqualTo(weight.shape());
                    if (!name.equals("conv2.weight")) {
                        assertThat(cut.get(0).toFloatArray())
                                .isEqualTo(weight.mul(2).toFloatArray());
                        assertThat(cut.get(1).toFloatArray())
                                .isEqualTo(weight.square().toFloatArray());
                    }
                });
                Tensor weight = compacted.model().weights().get("conv2.weight");
                Tensor bits = Objects.requireNonNull(compacted.elements().get("conv2.weight"))
                        .unpack();
                assertThat(bits.toLongArray()).isEqualTo(weight.gt(0).toLongArray());
                assertThat(bits.toLongArray()).contains(0, 1);
            }
        }
    }

    @Test
    void stateOfAnotherShapeIsRefused() {
        Graph graph = Networks.chain();
        ChannelGroups groups = ChannelGroups.trace(graph);
        try (Model model = RandomModel.of(graph, 2);
                Scope scope = Scope.open()) {
            Map<String, List<Tensor>> state = Map.of("conv1.weight", List.of(Tensor.scalar(1)));
            assertThatThrownBy(() -> Compaction.compact(model, groups, RandomModel.mask(groups, 0.5, 1), state))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("optimiser state of 'conv1.weight' has shape []");
        }
    }

    @Test
    void groupsOfAnotherGraphAreRefused() {
        ChannelGroups groups = ChannelGroups.trace(Networks.chain());
        try (Model model = RandomModel.of(Networks.chain(), 2)) {
            assertThatThrownBy(() -> Compaction.compact(model, groups, Mask.all()))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("another graph");
        }
    }

    @Test
    void depthwiseGroupsReshapesAndPadsFollow() {
        assertThat(cut(Networks.depthwise(2), "conv2").op().attributes().get("group"))
                .isEqualTo(Attribute.of(3));
        assertThat(cut(Networks.grouped(), "conv2").op().attributes().get("group"))
                .isEqualTo(Attribute.of(2));
        assertThat(cut(Networks.shuffle(), "split").op().attributes().get("shape"))
                .isEqualTo(Ints.of(0, 1, 2, 6, 6));
        assertThat(cut(Networks.shuffle(), "join").op().attributes().get("shape"))
                .isEqualTo(Ints.of(0, 2, 6, 6));
        assertThat(cut(Networks.paddedShortcut(), "wide").op().attributes().get("pads"))
                .isEqualTo(Ints.of(0, 2, 0, 0, 0, 0, 0, 0));
    }

    /** The node when every group keeps the first half of its channels. */
    private static Node cut(Graph graph, String node) {
        ChannelGroups groups = ChannelGroups.trace(graph);
        Map<String, Kept> first = new LinkedHashMap<>();
        groups.prunable()
                .forEach(g -> first.put(
                        g.id(),
                        Kept.of(
                                g.channels(),
                                IntStream.range(0, (g.channels() + 1) / 2).toArray())));
        return GraphCut.of(groups, first).node(node);
    }

    @Test
    void aModelWithoutAMaskStaysAsItIs() {
        Model made = ModelBuilder.of("net", Shape.of(3, 6, 6))
                .conv(4, 3)
                .flatten()
                .dense(3)
                .build(1);
        try (Model model = new Model(made.graph(), made.weights(), Metadata.NONE);
                Compacted compacted = Compaction.compact(model, ChannelGroups.trace(model.graph()), Mask.all())) {
            assertThat(compacted.outcome().check().maxAbsDiff()).isZero();
            assertThat(compacted.outcome().after())
                    .isEqualTo(compacted.outcome().before());
            Weights weights = compacted.model().weights();
            weights.names()
                    .forEach(name -> assertThat(weights.get(name).toFloatArray())
                            .isEqualTo(model.weights().get(name).toFloatArray()));
        }
    }
}
