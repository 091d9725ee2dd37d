package dev.espalier.prune;

import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.Tensor;
import java.util.List;

/** Scores of single weights, F32, one tensor of its shape per parameter. */
final class ElementScores {
    private final Policy policy;
    private final Evidence evidence;

    ElementScores(Policy policy, Evidence evidence) {
        this.policy = policy;
        this.evidence = evidence;
    }

    /** In the open scope, on the device of the weights. */
    List<Tensor> of(List<String> parameters) {
        return switch (policy.criterion()) {
            case L1, L2, LINF, BN_SCALE, FPGM -> score(Importance.MAGNITUDE, parameters);
            case GRADIENT -> score(Importance.GRADIENT, parameters);
            case SIGNED_GRADIENT -> score(Importance.SIGNED_GRADIENT, parameters);
            case TAYLOR -> score(Importance.TAYLOR, parameters);
            case SNIP -> shares(score(Importance.TAYLOR, parameters));
            default -> parameters.stream().map(this::single).toList();
        };
    }

    private List<Tensor> score(Importance importance, List<String> parameters) {
        List<Tensor> weights = parameters.stream().map(this::weight).toList();
        List<Tensor> gradients = importance.needsGradient()
                ? parameters.stream().map(this::measured).toList()
                : List.of();
        return Kernels.on(weights.get(0).device()).score(importance, weights, gradients);
    }

    private static List<Tensor> shares(List<Tensor> scores) {
        double sum = Tensor.stack(scores.stream().map(s -> s.sum()).toList(), 0)
                .sum()
                .item();
        return sum == 0 ? scores : scores.stream().map(s -> s.div(sum)).toList();
    }

    private Tensor single(String parameter) {
        Tensor weight = weight(parameter);
        return switch (policy.criterion()) {
            case LAMP -> Lamp.scores(weight, weight);
            case FISHER -> weight.square().mul(measured(parameter)).mul(0.5);
            case MOVEMENT -> weight.mul(measured(parameter)).neg();
            case GRASP -> weight.mul(measured(parameter));
            case SYNFLOW, WANDA -> weight.abs().mul(measured(parameter));
            case RANDOM -> RandomScores.like(weight, policy.seed(), parameter);
            default -> throw new PruningException("criterion " + policy.criterion() + " cannot score single weights");
        };
    }

    private Tensor weight(String parameter) {
        return evidence.weight(parameter).detach();
    }

    private Tensor measured(String parameter) {
        return evidence.of(policy.criterion().measure().orElseThrow(), parameter)
                .detach();
    }
}
