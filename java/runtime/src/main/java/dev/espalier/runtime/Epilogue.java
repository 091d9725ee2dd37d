package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a convolution does to its sums before it stores them: activation(sum + bias + residual).
 *
 * @param bias F32 [k], or null
 * @param residual F32 of the output's shape, or null
 */
public record Epilogue(@Nullable Tensor bias, @Nullable Tensor residual, Activation activation) {
    /** Nothing is done. */
    public static final Epilogue NONE = new Epilogue(null, null, Activation.NONE);

    /** The last step, by its ONNX name. */
    public enum Activation {
        /** x. */
        NONE(Conv2dCalls.Finish.NONE),
        /** max(0, x). */
        RELU(Conv2dCalls.Finish.RELU),
        /** x clipped to 0 to 6. */
        RELU6(Conv2dCalls.Finish.RELU6),
        /** x * sigmoid(x). */
        SILU(Conv2dCalls.Finish.SILU),
        /** x * max(0, min(1, x / 6 + 1 / 2)). */
        HARD_SWISH(Conv2dCalls.Finish.HARD_SWISH);

        private final int code;

        Activation(int code) {
            this.code = code;
        }
    }

    /** Adds a bias alone. */
    public static Epilogue bias(@Nullable Tensor bias) {
        return new Epilogue(bias, null, Activation.NONE);
    }

    /** This with another activation. */
    public Epilogue with(Activation other) {
        return new Epilogue(bias, residual, other);
    }

    /** Refuses tensors that do not fit an output [n, k, oh, ow] of {@code call}. */
    void require(KernelCall call, Shape output) {
        List<Tensor> given = new ArrayList<>();
        requireShape(call, "a bias", bias, Shape.of(output.dim(1)), given);
        requireShape(call, "a residual", residual, output, given);
        call.require(DType.F32, given);
    }

    private static void requireShape(
            KernelCall call, String what, @Nullable Tensor tensor, Shape wanted, List<Tensor> given) {
        if (tensor == null) {
            return;
        }
        if (!tensor.shape().equals(wanted)) {
            throw call.failure("expected " + what + " of shape " + wanted + ", got " + tensor.shape());
        }
        given.add(tensor);
    }

    /** The addresses, of copies in the open scope where a tensor is not contiguous. */
    Conv2dCalls.Finish finish() {
        return new Conv2dCalls.Finish(address(bias), address(residual), activation.code);
    }

    private static long address(@Nullable Tensor tensor) {
        return tensor == null ? 0 : KernelCall.address(tensor.contiguous());
    }
}
