package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a convolution does to its sums before it stores them: activation(sum + bias + residual).
 *
 * @param bias F32 [k], or null
 * @param residual of the output's shape and type, or null
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

    /** Refuses tensors that do not fit an F32 output [n, k, oh, ow] of {@code call}. */
    void require(KernelCall call, Shape output) {
        require(call, output, DType.F32);
    }

    /** Refuses tensors that do not fit an output [n, k, oh, ow] of this type. */
    void require(KernelCall call, Shape output, DType type) {
        require(call, "a bias", bias, Shape.of(output.dim(1)), DType.F32);
        require(call, "a residual", residual, output, type);
    }

    private static void require(KernelCall call, String what, @Nullable Tensor tensor, Shape wanted, DType type) {
        if (tensor == null) {
            return;
        }
        if (!tensor.shape().equals(wanted)) {
            throw call.failure("expected " + what + " of shape " + wanted + ", got " + tensor.shape());
        }
        call.require(type, List.of(tensor));
    }

    /** The addresses, of copies in the open scope where a tensor is not contiguous. */
    Conv2dCalls.Finish finish() {
        return finish(Tensor::contiguous);
    }

    /** As {@link #finish()}, with the residual laid out by {@code layout}. */
    Conv2dCalls.Finish finish(UnaryOperator<Tensor> layout) {
        return new Conv2dCalls.Finish(
                bias == null ? 0 : KernelCall.address(bias.contiguous()),
                residual == null ? 0 : KernelCall.address(layout.apply(residual)),
                activation.code);
    }
}
