package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** In training, zeroes each element with probability {@code ratio} and scales the rest by 1 / (1 - ratio); else the input itself. */
public record Dropout(float ratio) implements Unary {
    public Dropout {
        if (!(ratio >= 0 && ratio < 1)) {
            throw new IllegalArgumentException("Dropout: ratio must lie in [0, 1), got " + ratio);
        }
    }

    static Dropout of(Attributes a) {
        // training_mode and seed say how an exporter ran the model; here the caller of the graph decides.
        return new Dropout(a.only("ratio", "training_mode", "seed").real("ratio", 0.5f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("ratio", ratio).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return context.training() ? Nn.dropout(x, ratio, true) : x;
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
