package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A statement about pairs of elements, true or false: ONNX has an operator for each. */
public record Comparison(Relation relation) implements Op {
    /** The statements, each named as its operator. */
    public enum Relation {
        EQUAL("Equal"),
        GREATER("Greater"),
        GREATER_OR_EQUAL("GreaterOrEqual"),
        LESS("Less"),
        LESS_OR_EQUAL("LessOrEqual"),
        AND("And"),
        OR("Or"),
        XOR("Xor");

        private final String type;

        Relation(String type) {
            this.type = type;
        }

        private Tensor apply(Tensor x, Tensor y) {
            return switch (this) {
                case EQUAL -> x.eq(y);
                case GREATER -> x.gt(y);
                case GREATER_OR_EQUAL -> x.ge(y);
                case LESS -> x.lt(y);
                case LESS_OR_EQUAL -> x.le(y);
                case AND -> x.logicalAnd(y);
                case OR -> x.logicalOr(y);
                case XOR -> x.logicalXor(y);
            };
        }
    }

    static Op[] all() {
        return Arrays.stream(Relation.values()).map(Comparison::new).toArray(Op[]::new);
    }

    @Override
    public String type() {
        return relation.type;
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 2);
        inputs.sameType();
        TensorType bool = new TensorType(DType.BOOL, in.get(0).shape());
        return List.of(bool.withShape(Binary.broadcast(inputs, inputs.shape(0), inputs.shape(1))));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        return List.of(relation.apply(Inputs.present(in.get(0)), Inputs.present(in.get(1))));
    }

    @Override
    public void trace(ChannelTrace trace) {
        trace.output(0, ChannelRules.broadcast(trace, trace.outputType(0), ChannelRules.operands(trace, 0, 2)));
    }
}
