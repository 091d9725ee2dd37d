package dev.espalier.bench;

import dev.espalier.model.Model;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** ResNet-20 (He et al. 2016, section 4.2) trained by calls of libtorch alone, as one would write it without Espalier. */
final class BareResnet20 {
    private static final int STAGES = 3;
    private static final int BLOCKS = 3;
    private static final long[] UNIT = {1, 1};
    private static final long[] IMAGE_AXES = {2, 3};

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final SGD optimizer;

    /** With the weights that {@code model}, a resnet20, has now, copied; momentum 0.9. */
    BareResnet20(Model model, double learningRate, double weightDecay) {
        TensorVector parameters = new TensorVector();
        model.weights().asMap().forEach((name, tensor) -> {
            Tensor copy = torch.tensor(tensor.toFloatArray())
                    .reshape(tensor.shape().toArray())
                    .clone();
            if (!name.endsWith(".mean") && !name.endsWith(".variance")) {
                copy.set_requires_grad(true);
                parameters.push_back(copy);
            }
            tensors.put(name, copy);
        });
        SGDOptions options = new SGDOptions(learningRate);
        options.momentum().put(0.9);
        options.weight_decay().put(weightDecay);
        optimizer = new SGD(parameters, options);
    }

    /** The loss of a batch [n, 3, 32, 32] with labels I64 [n] before the update that it causes. */
    double step(Tensor images, Tensor labels) {
        try (PointerScope temporaries = new PointerScope()) {
            optimizer.zero_grad();
            Tensor loss = torch.cross_entropy_loss(scores(images), labels);
            loss.backward();
            optimizer.step();
            return loss.item_double();
        }
    }

    private Tensor scores(Tensor images) {
        Tensor x = normalised("norm1", convolved("conv1", images, 1, 1)).relu();
        for (int stage = 1; stage <= STAGES; stage++) {
            for (int i = 0; i < BLOCKS; i++) {
                x = block("stage" + stage + "." + i + ".", x, stage > 1 && i == 0 ? 2 : 1);
            }
        }
        return torch.linear(x.mean(IMAGE_AXES), tensor("dense1.weight"), new TensorOptional(tensor("dense1.bias")));
    }

    private Tensor block(String name, Tensor x, int stride) {
        Tensor y = normalised(name + "norm1", convolved(name + "conv1", x, stride, 1))
                .relu();
        y = normalised(name + "norm2", convolved(name + "conv2", y, 1, 1));
        Tensor shortcut = stride == 1 ? x : normalised(name + "norm3", convolved(name + "conv3", x, stride, 0));
        return y.add(shortcut).relu();
    }

    private Tensor convolved(String layer, Tensor x, long stride, long padding) {
        return torch.conv2d(
                x,
                tensor(layer + ".weight"),
                new TensorOptional(),
                new long[] {stride, stride},
                new long[] {padding, padding},
                UNIT,
                1);
    }

    private Tensor normalised(String layer, Tensor x) {
        return torch.batch_norm(
                x,
                new TensorOptional(tensor(layer + ".scale")),
                new TensorOptional(tensor(layer + ".bias")),
                new TensorOptional(tensor(layer + ".mean")),
                new TensorOptional(tensor(layer + ".variance")),
                true,
                0.1,
                1e-5,
                false);
    }

    private Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("resnet20 has no '" + name + "', only " + tensors.keySet());
        }
        return tensor;
    }
}
