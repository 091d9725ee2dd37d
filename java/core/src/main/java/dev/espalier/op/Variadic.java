package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One number from the elements at each place of any number of broadcast tensors: ONNX has an operator for each kind. */
public record Variadic(Kind kind) implements Op {
    /** How the numbers become one, each kind named as its operator. */
    public enum Kind {
        MAX("Max"),
        MIN("Min"),
        SUM("Sum"),
        MEAN("Mean");

        private final String type;

        Kind(String type) {
            this.type = type;
        }

        private Tensor apply(Tensor x, Tensor y) {
            return switch (this) {
                case MAX -> x.maximum(y);
                case MIN -> x.minimum(y);
                case SUM, MEAN -> x.add(y);
            };
        }
    }

    static Op[] all() {
        return Arrays.stream(Kind.values()).map(Variadic::new).toArray(Op[]::new);
    }

    @Override
    public String type() {
        return kind.type;
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, Integer.MAX_VALUE);
        inputs.sameType();
        TensorType out = in.get(0);
        for (int i = 1; i < in.size(); i++) {
            inputs.require(inputs.has(i), "input " + i + " is missing");
            out = out.withShape(Binary.broadcast(inputs, out.shape(), inputs.shape(i)));
        }
        return List.of(out);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor joined = Inputs.present(in.get(0));
        for (int i = 1; i < in.size(); i++) {
            joined = kind.apply(joined, Inputs.present(in.get(i)));
        }
        return List.of(kind == Kind.MEAN ? joined.div(in.size()) : joined);
    }

    /** What all operands make zero stays zero whatever the kind. */
    @Override
    public void trace(ChannelTrace trace) {
        TensorType type = trace.outputType(0);
        List<ChannelRules.Operand> operands = ChannelRules.operands(trace, 0, trace.inputs());
        ChannelIds out = ChannelRules.broadcast(trace, type, operands);
        trace.output(0, out);
        if (ChannelRules.sumVanishes(type, out, operands)) {
            trace.vanishing(0);
        }
    }
}
