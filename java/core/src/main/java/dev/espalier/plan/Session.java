package dev.espalier.plan;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A model ready for inference on a device, with weights of its own; any number of threads may run it at once, each in a scope
 * of its own. Closing waits for the runs under way. On CUDA cuDNN times its algorithms whenever it first meets a shape, which makes
 * the first run of a batch size slow.
 */
public final class Session implements AutoCloseable {
    /** Images that lie side by side in {@link Image16Region}. */
    private static final int LINE = 16;

    private final Plan plan;
    private final Graph graph;
    private final Weights weights;
    private final Scope packed;
    private final Execution execution;
    /** For batches of a multiple of 16, if there are values that can stay in that layout. */
    private final Optional<Execution> sideBySide;

    private final ReadWriteLock use = new ReentrantReadWriteLock();
    private boolean closed;

    private Session(
            Plan plan,
            Graph graph,
            Weights weights,
            Scope packed,
            Execution execution,
            Optional<Execution> sideBySide) {
        this.plan = plan;
        this.graph = graph;
        this.weights = weights;
        this.packed = packed;
        this.execution = execution;
        this.sideBySide = sideBySide;
    }

    /** Plans the model on a device, for one sample per run; the model may be closed afterwards. */
    public static Session of(Model model, Device device) {
        return of(model, device, 1);
    }

    /**
     * Plans the model on a device; the model may be closed afterwards.
     *
     * @param batch samples that most runs will have, which trials of kernels assume; any other number works as well
     */
    public static Session of(Model model, Device device, int batch) {
        try (Scope scope = Scope.open();
                Grad noGrad = Grad.disabled()) {
            BatchNormFolding.Folded folded = BatchNormFolding.fold(model.graph(), model.weights());
            Map<String, Tensor> laidOut = new LinkedHashMap<>();
            folded.weights().forEach((name, t) -> laidOut.put(name, t.rank() == 4 ? t.channelsLast() : t));
            return planned(folded, Weights.copyOf(laidOut, device), device, batch);
        }
    }

    private static Session planned(BatchNormFolding.Folded folded, Weights weights, Device device, int batch) {
        Scope packed = Scope.owner("packed weights");
        try {
            ReluFusion.Fused fused = fused(folded, weights, device, batch);
            Graph graph = fused.graph();
            List<Planner.Pinned> pinned = new Planner(graph, weights, fused.notes(), batch, packed).plan();
            Map<String, MaskedConv2d> batches = new HashMap<>();
            Map<String, NodeKernel> kernels = new HashMap<>();
            for (Planner.Pinned p : pinned) {
                String name = p.instruction().node().name();
                kernels.put(name, p.kernel());
                if (p.kernel() instanceof MaskedConv conv) {
                    conv.batches().ifPresent(convolution -> batches.put(name, convolution));
                }
            }
            Image16Region region = new Image16Region(graph, batches);
            Plan plan = new Plan(
                    graph.name(),
                    device,
                    pinned.stream().map(p -> region.told(p.instruction())).toList());
            Execution execution = execution(graph, kernels);
            Optional<Execution> sideBySide = Optional.empty();
            if (region.savesConversions()) {
                region.kernels(weights).forEach((name, inside) -> {
                    inside.tensors().forEach(packed::adopt);
                    kernels.put(name, inside.kernel());
                });
                sideBySide = Optional.of(execution(graph, kernels));
            }
            return new Session(plan, graph, weights, packed, execution, sideBySide);
        } catch (RuntimeException e) {
            packed.close();
            weights.close();
            throw e;
        }
    }

    /** On CUDA with what cuDNN fuses, unless only deterministic algorithms are used; it has none for fused convolutions. */
    private static ReluFusion.Fused fused(BatchNormFolding.Folded folded, Weights weights, Device device, int batch) {
        Map<String, String> notes = new HashMap<>();
        folded.convolutions().forEach(name -> notes.put(name, "batch normalisation folded in"));
        if (!device.isCuda() || Determinism.isEnabled()) {
            return new ReluFusion.Fused(folded.graph(), notes);
        }
        Determinism.allowTiming();
        ReluFusion.Fused fused = ReluFusion.fuse(folded.graph(), new FirstRun(folded.graph(), weights, device, batch));
        fused.notes().forEach((name, note) -> notes.merge(name, note, (first, second) -> first + "; " + second));
        return new ReluFusion.Fused(fused.graph(), notes);
    }

    private static Execution execution(Graph graph, Map<String, NodeKernel> kernels) {
        Map<String, NodeKernel> fixed = Map.copyOf(kernels);
        return Execution.of(graph, node -> fixed.getOrDefault(node.name(), node.op()::evaluate));
    }

    /** What it computes, batch normalisation folded where that can be; on CUDA with Relu fused into convolutions. */
    public Graph graph() {
        return graph;
    }

    /** What runs where, and why. */
    public Plan plan() {
        return plan;
    }

    /** Computes the outputs by name; they belong to the scope that is open on this thread. */
    public Map<String, Tensor> run(Map<String, Tensor> inputs) {
        use.readLock().lock();
        try (Grad noGrad = Grad.disabled()) {
            if (closed) {
                throw new IllegalStateException("session of '" + plan.model() + "' is closed");
            }
            boolean lines = inputs.values().stream().allMatch(x -> x.rank() > 0 && x.size(0) % LINE == 0);
            Execution chosen = lines ? sideBySide.orElse(execution) : execution;
            return chosen.run(weights.asMap(), inputs, Evaluation.INFERENCE, Execution.Observer.NONE);
        } finally {
            use.readLock().unlock();
        }
    }

    /** As {@link #run(Map)}, for a model with one input and one output. */
    public Tensor run(Tensor input) {
        if (graph.inputs().size() != 1 || graph.outputs().size() != 1) {
            throw new EspalierException("model '" + plan.model() + "' has the inputs "
                    + graph.inputs().keySet() + " and outputs " + graph.outputs() + "; name them");
        }
        String name = graph.inputs().keySet().iterator().next();
        return run(Map.of(name, input)).values().iterator().next();
    }

    @Override
    public void close() {
        use.writeLock().lock();
        try {
            closed = true;
            packed.close();
            weights.close();
        } finally {
            use.writeLock().unlock();
        }
    }
}
