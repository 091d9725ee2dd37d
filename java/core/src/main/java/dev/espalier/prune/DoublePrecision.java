package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Cast;
import dev.espalier.op.Constant;
import dev.espalier.op.Op;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/** The same network and numbers in F64 in place of F32. */
final class DoublePrecision {
    private DoublePrecision() {}

    static Graph of(Graph graph) {
        Graph.Builder builder = Graph.builder(graph.name());
        graph.inputs().forEach((value, type) -> builder.input(value, of(type)));
        graph.parameters().forEach((value, type) -> builder.parameter(value, of(type)));
        graph.nodes()
                .forEach(node -> builder.node(new Node(node.name(), of(node.op()), node.inputs(), node.outputs())));
        graph.outputs().forEach(builder::output);
        return builder.build();
    }

    /** Constants and casts hold a type of their own. */
    private static Op of(Op op) {
        if (op instanceof Constant constant && constant.value().dtype() == DType.F32) {
            double[] values = constant.value().toDoubles();
            ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asDoubleBuffer().put(values);
            return new Constant(new TensorValue(DType.F64, constant.value().shape(), bytes));
        }
        return op instanceof Cast cast && cast.to() == DType.F32 ? new Cast(DType.F64) : op;
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
