package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether each number is none (IsNaN), or infinite in either direction (IsInf). */
public record NumberTest(boolean infinite) implements Op {
    static NumberTest infinite(Attributes a) {
        a.only("detect_negative", "detect_positive")
                .mustBe("detect_negative", 1)
                .mustBe("detect_positive", 1);
        return new NumberTest(true);
    }

    static NumberTest none(Attributes a) {
        a.only();
        return new NumberTest(false);
    }

    @Override
    public String type() {
        return infinite ? "IsInf" : "IsNaN";
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs.of(this, in, 1, 1).floating();
        return List.of(new TensorType(DType.BOOL, in.get(0).shape()));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        return List.of(infinite ? x.abs().eq(Double.POSITIVE_INFINITY) : x.ne(x));
    }

    /** Element by element; zero is a number. */
    @Override
    public void trace(ChannelTrace trace) {
        trace.output(0, trace.ids(0));
        ChannelRules.passVanishing(trace);
    }
}
