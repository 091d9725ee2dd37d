package dev.espalier.runtime.internal;

import java.util.Map;
import org.bytedeco.pytorch.BoolType;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;

/** TorchScript modules of libtorch. */
public final class TorchScript {
    private TorchScript() {}

    /** Compiles the methods in {@code source} over these tensors and writes the module. */
    public static void save(
            String source, Map<String, TorchTensor> parameters, Map<String, TorchTensor> buffers, String file) {
        JitModule module = new JitModule(new QualifiedName("__torch__.Model"));
        // Without it eval() does nothing and Python's module.training fails.
        module.register_attribute("training", new Type.TypePtr(BoolType.get().get()), new IValue(false));
        parameters.forEach((name, tensor) -> module.register_parameter(name, tensor.t, false));
        buffers.forEach((name, tensor) -> module.register_buffer(name, tensor.t));
        module.define(source);
        module.eval();
        module.save(file);
    }

    /** Loads a module and runs its {@code forward}, which takes and returns one tensor. */
    public static TorchTensor run(String file, TorchTensor input) {
        JitModule module = torch.load(file);
        // toTensor() is a view into a value that dies with the frame; detach() is a tensor of its own.
        return new TorchTensor(
                module.forward(new IValueVector(new IValue(input.t))).toTensor().detach());
    }
}
