package dev.espalier.train;

import dev.espalier.op.Evaluation;
import dev.espalier.plan.NodeKernel;
import dev.espalier.runtime.Image16;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A convolution in training by the weights that its mask keeps: output and gradients by the native kernels. Its large memory
 * stays with the tape from step to step: fresh pages cost as much as the arithmetic.
 */
record MaskedSegment(String node, MaskedConv2d conv, Tape tape) implements NodeKernel {
    @Override
    public List<Tensor> evaluate(Evaluation evaluation, List<@Nullable Tensor> in) {
        Tensor x = Objects.requireNonNull(in.get(0));
        Tensor weight = Objects.requireNonNull(in.get(1));
        Tensor bias = in.size() > 2 ? in.get(2) : null;
        Image16 source = tape.scratch(node, scratch -> conv.input(x, scratch));
        MaskedConv2d.Packed packed = tape.take(conv.pack(weight));
        Image16 result = tape.scratch(conv.output(x.size(0)), scratch -> conv.forward(packed, source, bias, scratch));
        Tensor y = conv.images(result, x.isChannelsLast()).setRequiresGrad(true);
        Tensor read = tape.hold(x);
        Tensor output = tape.hold(y);
        tape.push(() -> {
            Tensor gradient = output.grad();
            if (gradient != null) {
                backward(gradient, read, weight, bias, source, packed);
            }
        });
        return List.of(y);
    }

    private void backward(
            Tensor gradient,
            Tensor x,
            Tensor weight,
            @Nullable Tensor bias,
            Image16 source,
            MaskedConv2d.Packed packed) {
        Image16 upstream = tape.scratch(gradient.shape(), scratch -> conv.outputGradient(gradient, scratch));
        weight.addGradient(conv.weightGradient(packed, source, upstream));
        if (bias != null && bias.requiresGrad()) {
            bias.addGradient(gradient.sum(false, 0, 2, 3));
        }
        if (x.requiresGrad()) {
            // The input itself is not read any more.
            Image16 down = conv.inputGradient(conv.packForInputGradient(weight), upstream, source);
            x.addGradient(conv.images(down, x.isChannelsLast()));
        }
    }
}
