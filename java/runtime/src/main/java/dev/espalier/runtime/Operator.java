package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchFrame;
import dev.espalier.runtime.internal.TorchTensor;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * The one way from Java into libtorch: checks the inputs, frees native temporaries, tells failures in one line.
 *
 * <p>A signature is the operator's name and the names of its tensor arguments, {@code conv2d(input, weight, bias)}; it is
 * read only when something has to be reported.
 */
final class Operator {
    /** CUDA's words for errors after which a process can do nothing more on the device: those of {@code is_sticky} in native/base/cuda.h. */
    private static final Pattern STICKY = Pattern.compile("CUDA error: (?:an illegal memory access|device-side assert"
            + "|unspecified launch failure|misaligned address|an illegal instruction|the launch timed out|uncorrectable ECC"
            + "|hardware stack error|invalid program counter|operation not supported on global/shared address space)");

    private Operator() {}

    static Tensor unary(String signature, Tensor input, UnaryOperator<TorchTensor> body) {
        return apply(signature, () -> body.apply(input.handle()), input);
    }

    static Tensor binary(String signature, Tensor input, Tensor other, BinaryOperator<TorchTensor> body) {
        return apply(signature, () -> body.apply(input.handle(), other.handle()), input, other);
    }

    /** Runs an operator that makes a tensor, which then belongs to the innermost open scope of this thread. */
    static Tensor apply(String signature, Supplier<TorchTensor> body, Tensor... inputs) {
        Scope scope = Scope.current();
        return scope.register(evaluate(signature, body, inputs));
    }

    /** Runs an operator that changes its first input. */
    static void update(String signature, Runnable body, Tensor... inputs) {
        evaluate(
                signature,
                () -> {
                    body.run();
                    return Boolean.TRUE;
                },
                inputs);
    }

    /** Runs native code that returns a plain value. */
    static <T> T evaluate(String signature, Supplier<T> body, Tensor... inputs) {
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].isClosed()) {
                throw closed(signature, i, inputs[i]);
            }
        }
        try (TorchFrame frame = TorchFrame.open()) {
            return body.get();
        } catch (RuntimeException e) {
            throw translate(signature, inputs, e);
        }
    }

    private static IllegalStateException closed(String signature, int index, Tensor tensor) {
        return new IllegalStateException(
                name(signature) + ": " + argument(signature, index) + " (" + tensor.describe() + ") is closed",
                tensor.allocated());
    }

    private static RuntimeException translate(String signature, Tensor[] inputs, RuntimeException failure) {
        if (failure.getClass() != RuntimeException.class) {
            return failure;
        }
        String trace = String.valueOf(failure.getMessage());
        StringBuilder message = new StringBuilder(name(signature)).append(": ").append(firstLine(trace));
        String separator = " (";
        for (int i = 0; i < inputs.length; i++) {
            message.append(separator).append(argument(signature, i)).append(' ').append(inputs[i].shape());
            separator = ", ";
        }
        if (inputs.length > 0) {
            message.append(')');
        }
        return STICKY.matcher(trace).find()
                ? new DeviceLostException(message + "; restart the process", failure)
                : new OperatorException(name(signature), message.toString(), trace, failure);
    }

    private static String firstLine(String text) {
        return text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .findFirst()
                .orElse("no reason given");
    }

    private static String name(String signature) {
        int open = signature.indexOf('(');
        return open < 0 ? signature : signature.substring(0, open);
    }

    private static String argument(String signature, int index) {
        String[] names = signature
                .substring(signature.indexOf('(') + 1, signature.length() - 1)
                .split(", *", -1);
        return index < names.length ? names[index] : "input " + index;
    }
}
