package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchScript;
import dev.espalier.runtime.internal.TorchTensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** TorchScript programs, which PyTorch loads with {@code torch.jit.load} and libtorch runs without Python. */
public final class ScriptModule {
    private ScriptModule() {}

    /**
     * Compiles a program and writes it.
     *
     * @param source TorchScript text of a method {@code forward(self, …)}
     * @param parameters tensors that the text calls {@code self.name}; names are identifiers
     * @param buffers the same for running statistics and constants
     * @throws OperatorException if libtorch refuses the text
     */
    public static void save(String source, Map<String, Tensor> parameters, Map<String, Tensor> buffers, Path file) {
        Operator.update(
                "torchscript_save()",
                () -> TorchScript.save(source, handles(parameters), handles(buffers), file.toString()));
    }

    /** Loads the program in {@code file} and runs it on one tensor; only for files that are trusted, since programs run. */
    public static Tensor run(Path file, Tensor input) {
        return Operator.apply("torchscript_run(input)", () -> TorchScript.run(file.toString(), input.handle()), input);
    }

    private static Map<String, TorchTensor> handles(Map<String, Tensor> tensors) {
        Map<String, TorchTensor> handles = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> handles.put(name, tensor.handle()));
        return handles;
    }
}
