package dev.espalier.runtime;

import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.internal.KernelTarget;
import dev.espalier.runtime.internal.UpdateCalls;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays tensors out for the optim kernels. */
final class Updating {
    private Updating() {}

    /** Moves the weights; their scores before that, or none without an importance. */
    static List<Tensor> update(
            Backend backend,
            UpdateRule rule,
            List<UpdateRule.Parameter> parameters,
            double gradientScale,
            @Nullable Importance importance) {
        if (importance != null) {
            Scope.current();
        }
        List<Tensor> weights =
                parameters.stream().map(UpdateRule.Parameter::weight).toList();
        KernelCall call = new KernelCall("update", backend, weights);
        call.require(DType.F32, weights);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<Tensor> scores = new ArrayList<>();
            List<Tensor> moved = new ArrayList<>();
            List<Tensor> dense = new ArrayList<>();
            UpdateCalls.Item[] items = new UpdateCalls.Item[parameters.size()];
            for (int i = 0; i < items.length; i++) {
                UpdateRule.Parameter parameter = parameters.get(i);
                if (parameter.state().size() != rule.stateTensors()) {
                    throw call.failure("weight " + i + ": expected " + rule.stateTensors() + " state tensors, got "
                            + parameter.state().size());
                }
                if (importance != null) {
                    Shape shape = parameter.weight().shape();
                    scores.add(Tensor.empty(DType.F32, call.device(), shape.toArray()));
                }
                int first = moved.size();
                moved.add(parameter.weight());
                moved.addAll(parameter.state());
                moved.subList(first, moved.size()).forEach(tensor -> dense.add(tensor.contiguous()));
                items[i] = item(
                        call,
                        i,
                        parameter,
                        dense.subList(first, moved.size()),
                        importance == null ? null : scores.get(i));
            }
            run(call, rule, items, gradientScale, importance == null ? Importance.MAGNITUDE : importance);
            for (int i = 0; i < dense.size(); i++) {
                if (!moved.get(i).isContiguous()) {
                    moved.get(i).copyInPlace(dense.get(i));
                }
            }
            return importance == null ? List.of() : scope.keep(List.copyOf(scores));
        }
    }

    /** {@code moved} are the parameter's weight and state, contiguous. */
    private static UpdateCalls.Item item(
            KernelCall call, int index, UpdateRule.Parameter parameter, List<Tensor> moved, @Nullable Tensor score) {
        call.require(DType.F32, parameter.state());
        call.require(DType.F32, List.of(parameter.gradient()));
        BitMask mask = parameter.mask();
        if (mask != null) {
            call.requireDevice(index, mask.words());
        }
        return new UpdateCalls.Item(
                KernelCall.address(moved.get(0)),
                KernelCall.address(parameter.gradient().contiguous()),
                moved.size() > 1 ? KernelCall.address(moved.get(1)) : 0,
                moved.size() > 2 ? KernelCall.address(moved.get(2)) : 0,
                mask == null ? 0 : KernelCall.address(mask.words()),
                score == null ? 0 : KernelCall.address(score),
                parameter.weight().numel(),
                parameter.decay());
    }

    private static void run(
            KernelCall call, UpdateRule rule, UpdateCalls.Item[] items, double gradientScale, Importance importance) {
        KernelTarget target = call.target();
        if (rule instanceof UpdateRule.Sgd sgd) {
            call.check(UpdateCalls.sgd(
                    target,
                    items,
                    sgd.learningRate(),
                    sgd.momentum(),
                    sgd.nesterov(),
                    gradientScale,
                    importance.code(),
                    call.workspace(UpdateCalls.sgdWorkspace(target, items.length))));
        } else if (rule instanceof UpdateRule.Adam adam) {
            call.check(UpdateCalls.adam(
                    target,
                    items,
                    adam.learningRate(),
                    adam.beta1(),
                    adam.beta2(),
                    adam.epsilon(),
                    adam.decoupled(),
                    adam.step(),
                    gradientScale,
                    importance.code(),
                    call.workspace(UpdateCalls.adamWorkspace(target, items.length))));
        }
    }
}
