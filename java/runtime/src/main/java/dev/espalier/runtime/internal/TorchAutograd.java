package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;

/** libtorch's record of gradients. */
public final class TorchAutograd {
    private TorchAutograd() {}

    public static void setRequiresGrad(TorchTensor x, boolean required) {
        x.t.set_requires_grad(required);
    }

    public static boolean requiresGrad(TorchTensor x) {
        return x.t.requires_grad();
    }

    /** One handle, or none if the tensor has no gradient. */
    public static TorchTensor[] grad(TorchTensor x) {
        Tensor borrowed = x.t.grad();
        return borrowed.defined() ? new TorchTensor[] {new TorchTensor(new Tensor(borrowed))} : new TorchTensor[0];
    }

    /** Adds to the gradient of a leaf; the first one is taken as it is, its memory shared. */
    public static void addGrad(TorchTensor x, TorchTensor gradient) {
        Tensor had = x.t.mutable_grad();
        if (had.defined()) {
            had.add_(gradient.t);
        } else {
            had.put(gradient.t);
        }
    }

    public static void clearGrad(TorchTensor x) {
        x.t.mutable_grad().reset();
    }

    public static void backward(TorchTensor x) {
        x.t.backward();
    }

    public static void backward(TorchTensor x, TorchTensor gradient) {
        x.t.backward(gradient.t, new BoolOptional(), false, new TensorArrayRefOptional());
    }

    public static TorchTensor detach(TorchTensor x) {
        return new TorchTensor(x.t.detach());
    }

    /** Switches recording for this thread and tells what it was. */
    public static boolean setRecording(boolean enabled) {
        Torch.load();
        boolean before = GradMode.is_enabled();
        GradMode.set_enabled(enabled);
        return before;
    }

    public static boolean isRecording() {
        Torch.load();
        return GradMode.is_enabled();
    }
}
