package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Cost;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Runs two models on the same inputs on the CPU and compares their outputs, in F32 where that is sharp enough, else in F64.
 *
 * <p>Tolerance. Both models sum the same numbers, one of them with zeros in between, hence in another order. A sum of L terms has a
 * relative rounding error that behaves like a random walk of L steps of u (2^-24 in F32, 2^-53 in F64): its standard deviation is
 * about u * sqrt(L). The errors of the nodes are independent and add in quadrature, so an output of magnitude M carries about
 * u * sqrt(sum of L over all nodes) * M, and the difference of two runs sqrt(2) times that. Six standard deviations allow for the
 * largest of many outputs: tolerance = 6 * sqrt(2) * u * sqrt(sum of L) * max|y|.
 *
 * <p>Liveness. Outputs that hardly depend on the inputs would agree whatever was removed. At every output some element must vary over
 * the samples by more than a hundred tolerances. Deep networks that were never trained often vary too little for F32 and enough for
 * F64; one that is dead in F64 too proves nothing.
 */
final class EqualityProof {
    private static final double DEVIATIONS = 6 * Math.sqrt(2);
    private static final double LIVELY_TOLERANCES = 100;

    private final Graph masked;
    private final Map<String, Tensor> maskedWeights;
    private final Graph compacted;
    private final Map<String, Tensor> compactedWeights;
    private final UnaryOperator<Map<String, Tensor>> feeding;

    /** What was seen of one output. */
    private record Seen(String output, double difference, double tolerance, double magnitude, double spread) {
        /** Negated, so that a difference that is not a number fails. */
        boolean agrees() {
            return !(difference > tolerance) && Double.isFinite(difference);
        }

        boolean isLively() {
            return spread > LIVELY_TOLERANCES * tolerance;
        }

        /** Difference in relation to what is allowed. */
        double excess() {
            return tolerance == 0 ? difference : difference / tolerance;
        }
    }

    /** The graphs must have the same inputs and outputs; all weights must be F32 on the CPU. */
    EqualityProof(
            Graph masked, Map<String, Tensor> maskedWeights, Graph compacted, Map<String, Tensor> compactedWeights) {
        this(masked, maskedWeights, compacted, compactedWeights, UnaryOperator.identity());
    }

    /** As before, but the compacted graph is fed what {@code feeding} makes of what the masked one is fed. */
    EqualityProof(
            Graph masked,
            Map<String, Tensor> maskedWeights,
            Graph compacted,
            Map<String, Tensor> compactedWeights,
            UnaryOperator<Map<String, Tensor>> feeding) {
        this.masked = masked;
        this.maskedWeights = maskedWeights;
        this.compacted = compacted;
        this.compactedWeights = compactedWeights;
        this.feeding = feeding;
    }

    /**
     * Compares the outputs on at least two samples.
     *
     * @throws CompactionException if an output is not finite or does not depend on the samples
     */
    EqualityCheck compare(List<Map<String, Tensor>> samples) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<Seen> seen = seen(samples, 0x1p-24);
            boolean dull =
                    seen.stream().allMatch(Seen::agrees) && !seen.stream().allMatch(Seen::isLively);
            return check(dull ? inDouble(samples) : seen);
        }
    }

    /** The same tensors where a proof runs them, in the open scope; those on the CPU are shared. */
    static Map<String, Tensor> onHost(Map<String, Tensor> weights) {
        Map<String, Tensor> host = new HashMap<>();
        weights.forEach((name, tensor) -> host.put(name, tensor.device().isCuda() ? tensor.to(Device.CPU) : tensor));
        return host;
    }

    /**
     * As {@link #compare}, in F64 throughout: no difference that matters hides in rounding.
     *
     * @throws CompactionException as {@link #compare}
     */
    EqualityCheck compareSharply(List<Map<String, Tensor>> samples) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            return check(inDouble(samples));
        }
    }

    private List<Seen> inDouble(List<Map<String, Tensor>> samples) {
        List<Seen> seen =
                sharper().seen(samples.stream().map(DoublePrecision::of).toList(), 0x1p-53);
        seen.stream().filter(s -> !s.isLively()).findFirst().ifPresent(EqualityProof::refuse);
        return seen;
    }

    private static EqualityCheck check(List<Seen> seen) {
        Seen worst = seen.stream().max(Comparator.comparingDouble(Seen::excess)).orElseThrow();
        return new EqualityCheck(
                worst.difference(), worst.tolerance(), seen.stream().allMatch(Seen::agrees), 0);
    }

    /** The largest difference of any output in relation to the largest magnitude of the masked one. */
    double deviation(List<Map<String, Tensor>> samples) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            return seen(samples, 0x1p-24).stream()
                    .mapToDouble(s -> s.magnitude() == 0 ? s.difference() : s.difference() / s.magnitude())
                    .max()
                    .orElse(0);
        }
    }

    private EqualityProof sharper() {
        return new EqualityProof(
                DoublePrecision.of(masked),
                DoublePrecision.of(maskedWeights),
                DoublePrecision.of(compacted),
                DoublePrecision.of(compactedWeights),
                feeding);
    }

    private static void refuse(Seen dead) {
        throw new CompactionException("compaction cannot be proved: output '" + dead.output()
                + "' of the masked model varies by only " + dead.spread()
                + " over the samples; keep more channels or give"
                + " other samples");
    }

    private List<Seen> seen(List<Map<String, Tensor>> samples, double rounding) {
        double relative = DEVIATIONS * rounding * Math.sqrt(accumulated(masked));
        List<Map<String, Tensor>> expected = run(masked, maskedWeights, samples);
        List<Map<String, Tensor>> got =
                run(compacted, compactedWeights, samples.stream().map(feeding).toList());
        List<Seen> seen = new ArrayList<>();
        for (String output : masked.outputs()) {
            Tensor reference = stacked(expected, output);
            if (!reference.allFinite()) {
                throw new CompactionException(
                        "compaction cannot be proved: output '" + output
                                + "' of the masked model is not finite on the samples; give samples that the model was made for");
            }
            double difference = stacked(got, output).sub(reference).abs().max().item();
            double spread = reference
                    .amax(false, 0)
                    .add(reference.neg().amax(false, 0))
                    .max()
                    .item();
            double magnitude = reference.abs().max().item();
            seen.add(new Seen(output, difference, relative * magnitude, magnitude, spread));
        }
        return seen;
    }

    private static List<Map<String, Tensor>> run(
            Graph graph, Map<String, Tensor> weights, List<Map<String, Tensor>> samples) {
        Execution execution = Execution.of(graph);
        List<Map<String, Tensor>> outputs = new ArrayList<>();
        for (Map<String, Tensor> sample : samples) {
            outputs.add(execution.run(weights, sample, Evaluation.INFERENCE, Execution.Observer.NONE));
        }
        return outputs;
    }

    private static Tensor stacked(List<Map<String, Tensor>> outputs, String name) {
        List<Tensor> all = new ArrayList<>();
        outputs.forEach(values -> values.computeIfPresent(name, (n, tensor) -> {
            all.add(tensor);
            return tensor;
        }));
        return Tensor.stack(all, 0);
    }

    /** The sum over all nodes of the number of terms that one output element sums up. */
    static double accumulated(Graph graph) {
        double sum = 0;
        for (Map.Entry<Node, Cost> entry : graph.costs().entrySet()) {
            double outputs = elements(graph.type(entry.getKey().outputs().get(0)));
            double terms = entry.getValue().macs() / outputs;
            for (TensorType in : graph.inputTypes(entry.getKey())) {
                boolean computed = !in.isAbsent() && entry.getValue().macs() == 0;
                terms = computed ? Math.max(terms, elements(in) / outputs) : terms;
            }
            sum += Math.max(terms, 1);
        }
        return sum;
    }

    private static double elements(TensorType type) {
        return Math.max(type.numelPerSample(), 1);
    }
}
