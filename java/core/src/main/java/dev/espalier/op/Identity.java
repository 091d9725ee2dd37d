package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Map;

/** The input itself. */
public record Identity() implements Unary {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x;
    }

    @Override
    public void trace(ChannelTrace trace) {
        trace.moved(0, trace.ids(0));
    }
}
