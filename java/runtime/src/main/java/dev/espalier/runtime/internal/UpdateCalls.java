package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiAdam;
import dev.espalier.runtime.internal.abi.AbiAdamItem;
import dev.espalier.runtime.internal.abi.AbiSgd;
import dev.espalier.runtime.internal.abi.AbiSgdItem;
import dev.espalier.runtime.internal.abi.KernelsAbi;

/** The calls of the optim family; pointers are addresses, 0 for none. */
public final class UpdateCalls {
    private UpdateCalls() {}

    /** One weight; {@code first} and {@code second} are its state. */
    public record Item(
            long weight, long gradient, long first, long second, long bits, long score, long count, double decay) {}

    public static long sgdWorkspace(KernelTarget target, int items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_sgd_step_workspace_bytes(target.toAbi(), items);
        }
    }

    public static int sgd(
            KernelTarget target,
            Item[] items,
            double learningRate,
            double momentum,
            boolean nesterov,
            double gradientScale,
            int criterion,
            long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiSgdItem natives = new AbiSgdItem(items.length);
            for (int i = 0; i < items.length; i++) {
                Item item = items[i];
                natives.position(i)
                        .weight(Address.of(item.weight))
                        .gradient(Address.of(item.gradient))
                        .momentum(Address.of(item.first))
                        .bits(Address.of(item.bits))
                        .score(Address.of(item.score))
                        .count(item.count)
                        .weight_decay(item.decay);
            }
            AbiSgd settings = new AbiSgd()
                    .learning_rate(learningRate)
                    .momentum(momentum)
                    .gradient_scale(gradientScale)
                    .nesterov(nesterov ? 1 : 0);
            return KernelsAbi.esp_sgd_step(
                    target.toAbi(),
                    natives.position(0),
                    items.length,
                    settings,
                    criterion,
                    Address.of(workspace),
                    Address.NULL);
        }
    }

    public static long adamWorkspace(KernelTarget target, int items) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_adam_step_workspace_bytes(target.toAbi(), items);
        }
    }

    public static int adam(
            KernelTarget target,
            Item[] items,
            double learningRate,
            double beta1,
            double beta2,
            double epsilon,
            boolean decoupled,
            long step,
            double gradientScale,
            int criterion,
            long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiAdamItem natives = new AbiAdamItem(items.length);
            for (int i = 0; i < items.length; i++) {
                Item item = items[i];
                natives.position(i)
                        .weight(Address.of(item.weight))
                        .gradient(Address.of(item.gradient))
                        .mean(Address.of(item.first))
                        .square(Address.of(item.second))
                        .bits(Address.of(item.bits))
                        .score(Address.of(item.score))
                        .count(item.count)
                        .weight_decay(item.decay);
            }
            AbiAdam settings = new AbiAdam()
                    .learning_rate(learningRate)
                    .beta1(beta1)
                    .beta2(beta2)
                    .epsilon(epsilon)
                    .gradient_scale(gradientScale)
                    .step(step)
                    .decoupled(decoupled ? 1 : 0);
            return KernelsAbi.esp_adam_step(
                    target.toAbi(),
                    natives.position(0),
                    items.length,
                    settings,
                    criterion,
                    Address.of(workspace),
                    Address.NULL);
        }
    }
}
