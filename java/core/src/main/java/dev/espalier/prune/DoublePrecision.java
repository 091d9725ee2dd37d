package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** The same network and numbers in F64 in place of F32. */
final class DoublePrecision {
    private DoublePrecision() {}

    static Graph of(Graph graph) {
        Graph.Builder builder = Graph.builder(graph.name());
        graph.inputs().forEach((value, type) -> builder.input(value, of(type)));
        graph.parameters().forEach((value, type) -> builder.parameter(value, of(type)));
        graph.nodes().forEach(builder::node);
        graph.outputs().forEach(builder::output);
        return builder.build();
    }

    private static TensorType of(TensorType type) {
        return type.dtype() == DType.F32 ? new TensorType(DType.F64, type.shape()) : type;
    }

    /** Copies in the open scope; tensors of other types are shared. */
    static Map<String, Tensor> of(Map<String, Tensor> tensors) {
        Map<String, Tensor> wide = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> wide.put(name, tensor.dtype() == DType.F32 ? tensor.to(DType.F64) : tensor));
        return wide;
    }
}
