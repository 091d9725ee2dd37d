package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Map;

/** x where it is above {@code alpha}, 0 elsewhere. */
public record ThresholdedRelu(float alpha) implements Unary {
    static ThresholdedRelu of(Attributes a) {
        return new ThresholdedRelu(a.only("alpha").real("alpha", 1f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("alpha", alpha).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x.mul(x.gt(alpha).to(x.dtype()));
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
