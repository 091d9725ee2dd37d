package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.model.InputIndices;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a masked model physically smaller and proves that it still computes the same.
 *
 * <p>Every parameter, optimiser tensor and bit mask that loses indices is cut by one gather launch; group counts, shape constants and
 * paddings of the graph follow. Layers go with all that serves them alone; masked, their branches are multiplied by zero. The proof compares the masked with the compacted model, see {@link EqualityProof} for its tolerance.
 */
public final class Compaction {
    private static final long SAMPLE_SEED = 20_240_229;

    private final Model model;
    private final ChannelGroups groups;
    private final Mask mask;
    /** The layers that go. */
    private final List<Layer> layers;

    private Compaction(Model model, ChannelGroups groups, Mask mask) {
        this.model = model;
        this.groups = groups;
        this.mask = mask;
        this.layers =
                mask.layers().isEmpty() ? List.of() : Layers.of(model.graph()).chosen(mask.layers());
    }

    /**
     * Compacts a model without optimiser state, proved on normally distributed samples.
     *
     * @param groups of exactly this model's graph
     */
    public static Compacted compact(Model model, ChannelGroups groups, Mask mask) {
        return compact(model, groups, mask, Map.of());
    }

    /** As {@link #compact(Model, ChannelGroups, Mask)}, cutting tensors that have the shapes of their parameters alike. */
    public static Compacted compact(Model model, ChannelGroups groups, Mask mask, Map<String, List<Tensor>> state) {
        try (Scope scope = Scope.open()) {
            Compacted compacted = compact(model, groups, mask, state, Samples.normal(model.graph(), SAMPLE_SEED));
            return outliving(scope, compacted);
        }
    }

    /**
     * Compacts a model.
     *
     * @param samples at least two sets of inputs by name, on the CPU, that differ
     * @throws CompactionException if the compacted model is not proved equal to the masked one; then nothing is made
     * @throws PruningException if the mask does not fit the groups, or the groups the model
     */
    public static Compacted compact(
            Model model,
            ChannelGroups groups,
            Mask mask,
            Map<String, List<Tensor>> state,
            List<Map<String, Tensor>> samples) {
        if (model.graph() != groups.graph()) {
            throw new PruningException("the channel groups were traced on another graph than that of model '"
                    + model.graph().name() + "'; trace the graph that is to be compacted");
        }
        mask.check(groups);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Compacted compacted = new Compaction(model, groups, mask).run(state, samples);
            return outliving(scope, compacted);
        }
    }

    /** Without state and bit masks nothing needs a scope around the call. */
    private static Compacted outliving(Scope scope, Compacted compacted) {
        if (!compacted.state().isEmpty() || !compacted.elements().isEmpty()) {
            scope.keep(List.of(compacted.state(), compacted.elements()));
        }
        return compacted;
    }

    /**
     * The smaller model without its proof: what compaction would make, to be timed, never to be kept.
     *
     * @param groups of exactly this model's graph
     */
    public static Model unproved(Model model, ChannelGroups groups, Mask mask) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Compaction compaction = new Compaction(model, groups, mask);
            Map<String, Tensor> weights = new LinkedHashMap<>();
            WeightCut.cut(
                            groups,
                            mask.channels(),
                            compaction.sources(model.weights().asMap(), Map.of()))
                    .forEach((parameter, tensors) -> weights.put(parameter, tensors.get(0)));
            Graph graph = compaction.smaller();
            weights.keySet().retainAll(graph.parameters().keySet());
            return new Model(graph, Weights.adopt(weights), model.metadata());
        }
    }

    private Compacted run(Map<String, List<Tensor>> state, List<Map<String, Tensor>> samples) {
        Map<String, Tensor> sparse = withElementMask();
        Graph graph = smaller();
        Map<String, List<Tensor>> sources = sources(sparse, state);
        sources.keySet().retainAll(graph.parameters().keySet());
        Map<String, List<Tensor>> cut = WeightCut.cut(groups, mask.channels(), sources);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        Map<String, List<Tensor>> newState = new LinkedHashMap<>();
        Map<String, BitMask> elements = new LinkedHashMap<>();
        cut.forEach((parameter, tensors) -> {
            weights.put(parameter, tensors.get(0));
            int stateEnd = 1 + state.getOrDefault(parameter, List.of()).size();
            if (state.containsKey(parameter)) {
                newState.put(parameter, tensors.subList(1, stateEnd));
            }
            if (stateEnd < tensors.size()) {
                elements.put(parameter, BitMask.pack(tensors.get(stateEnd)));
            }
        });
        EqualityCheck check = proved(sparse, graph, weights, samples);
        CompactionReport report = new CompactionReport(
                Size.of(model.graph(), model.weights().asMap()),
                Size.of(graph, weights),
                check,
                approximations(),
                List.copyOf(mask.layers()),
                layers.isEmpty() ? groups.frozen() : Layers.of(model.graph()).frozen());
        Model smaller = new Model(graph, Weights.adopt(weights), metadata());
        return new Compacted(smaller, newState, elements, report);
    }

    private Graph smaller() {
        return LayerCut.of(GraphCut.of(groups, mask.channels()), layers);
    }

    /** The model's tensors, those with a bit mask replaced by masked copies. */
    private Map<String, Tensor> withElementMask() {
        Map<String, Tensor> weights = new LinkedHashMap<>(model.weights().asMap());
        mask.elements()
                .keySet()
                .forEach(p -> weights.put(p, model.weights().get(p).detach().copy()));
        try (MaskedWeights masked = MaskedWeights.of(groups, Mask.of(mask.elements(), Map.of()), device())) {
            masked.apply(weights);
        }
        return weights;
    }

    private Device device() {
        return model.weights().asMap().values().stream()
                .findFirst()
                .map(Tensor::device)
                .orElse(Device.CPU);
    }

    /** By parameter the tensors to cut: the weight, its optimiser state, and its bit mask as U8. */
    private Map<String, List<Tensor>> sources(Map<String, Tensor> weights, Map<String, List<Tensor>> state) {
        Map<String, List<Tensor>> sources = new LinkedHashMap<>();
        weights.forEach((parameter, weight) -> {
            List<Tensor> all = new ArrayList<>(List.of(weight.detach()));
            for (Tensor extra : state.getOrDefault(parameter, List.of())) {
                if (!extra.shape().equals(weight.shape())) {
                    throw new ShapeException("optimiser state of '" + parameter + "' has shape " + extra.shape()
                            + " but the parameter has " + weight.shape());
                }
                all.add(extra.detach());
            }
            BitMask bits = mask.elements().get(parameter);
            if (bits != null) {
                all.add(bits.unpack().to(DType.U8).to(weight.device()));
            }
            sources.put(parameter, all);
        });
        return sources;
    }

    private EqualityCheck proved(
            Map<String, Tensor> sparse, Graph graph, Map<String, Tensor> weights, List<Map<String, Tensor>> samples) {
        Map<String, Tensor> full = EqualityProof.onHost(sparse);
        try (MaskedWeights masked = MaskedWeights.of(groups, mask, Device.CPU)) {
            masked.parameters()
                    .forEach(p ->
                            full.computeIfPresent(p, (name, t) -> t.detach().copy()));
            masked.apply(full);
        }
        boolean exact = approximations().isEmpty();
        Graph whole = exact ? model.graph() : GraphCut.masked(groups, mask.channels());
        Graph reference = masked(whole, full);
        Map<String, Tensor> left = EqualityProof.onHost(weights);
        EqualityCheck check = new EqualityProof(reference, full, graph, left, this::fed).compare(samples);
        if (!check.passed()) {
            throw new CompactionException("compacted model '" + graph.name() + "' differs from the masked one by "
                    + check.maxAbsDiff() + ", more than rounding explains (" + check.tolerance()
                    + "); nothing was made of it, please report the graph");
        }
        if (exact) {
            return check;
        }
        double deviation =
                new EqualityProof(masked(model.graph(), full), full, graph, left, this::fed).deviation(samples);
        return new EqualityCheck(check.maxAbsDiff(), check.tolerance(), check.passed(), deviation);
    }

    /** Inputs of the whole graph without what the smaller one does not take. */
    private Map<String, Tensor> fed(Map<String, Tensor> inputs) {
        Map<String, Tensor> left = new LinkedHashMap<>(inputs);
        shortened((input, axis, kept) -> left.computeIfPresent(
                input, (name, tensor) -> tensor.indexSelect(axis, Indices.tensor(kept, tensor.device()))));
        return left;
    }

    private Metadata metadata() {
        List<Metadata> told = new ArrayList<>(List.of(model.metadata()));
        shortened((input, axis, kept) -> told.set(0, InputIndices.kept(told.get(0), input, axis, kept)));
        return told.get(0);
    }

    /** Hears of an axis of an input that gets shorter, and what stays. */
    private interface ShorterAxis {
        void hear(String input, int axis, int[] kept);
    }

    private void shortened(ShorterAxis listener) {
        model.graph().inputs().forEach((input, type) -> {
            for (int axis = 1; axis < type.rank(); axis++) {
                boolean[] stays = groups.kept(input, axis, mask.channels());
                int[] kept = Indices.where(stays);
                if (kept.length < stays.length) {
                    listener.hear(input, axis, kept);
                }
            }
        });
    }

    /** The graph with silent branches, for which {@code weights} get the zero. */
    private Graph masked(Graph graph, Map<String, Tensor> weights) {
        if (!layers.isEmpty()) {
            weights.put(LayerCut.ZERO, Tensor.zeros(DType.F32, Device.CPU));
        }
        return LayerCut.masked(graph, layers);
    }

    /** Why removals of this mask change results by nature. */
    private List<String> approximations() {
        return groups.prunable().stream()
                .filter(group -> mask.kept(group).count() < group.channels())
                .map(ChannelGroup::approximation)
                .filter(reason -> !reason.isEmpty())
                .distinct()
                .toList();
    }
}
