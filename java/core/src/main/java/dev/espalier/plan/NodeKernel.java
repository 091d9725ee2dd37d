package dev.espalier.plan;

import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What computes the outputs of one node in the open scope; an {@link dev.espalier.op.Op} itself is the plainest. */
@FunctionalInterface
public interface NodeKernel {
    List<Tensor> evaluate(Evaluation evaluation, List<@Nullable Tensor> in);
}
