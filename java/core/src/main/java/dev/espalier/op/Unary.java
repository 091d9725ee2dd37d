package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An operator from one tensor to another of the same type, element by element or along an axis. */
interface Unary extends Op {
    Tensor apply(Evaluation context, Tensor x);

    @Override
    default List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        if (takesWholeNumbers()) {
            inputs.require(in.get(0).dtype() != DType.BOOL, "takes numbers, got " + in.get(0));
        } else {
            inputs.floating();
        }
        return List.of(in.get(0));
    }

    /** Whether ONNX has it for whole numbers too. */
    default boolean takesWholeNumbers() {
        return false;
    }

    @Override
    default List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        return List.of(apply(context, Inputs.present(in.get(0))));
    }

    /** Whether zeros give zeros. */
    default boolean keepsZero() {
        return false;
    }

    /** Element by element: channels stay where they are. */
    @Override
    default void trace(ChannelTrace trace) {
        trace.output(0, trace.ids(0));
        if (keepsZero() && trace.vanishes(0)) {
            trace.vanishing(0);
        }
    }
}
