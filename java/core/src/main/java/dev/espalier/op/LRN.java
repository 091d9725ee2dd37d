package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/** Local response normalisation over {@code size} neighbouring channels of x [n, c, spatial] (Krizhevsky et al. 2012, section 3.3). */
public record LRN(float alpha, float beta, float bias, long size) implements Unary {
    public LRN {
        if (size < 1) {
            throw new IllegalArgumentException("LRN: size must be positive, got " + size);
        }
    }

    static LRN of(Attributes a) {
        a.only("alpha", "beta", "bias", "size");
        return new LRN(a.real("alpha", 1e-4f), a.real("beta", 0.75f), a.real("bias", 1f), a.integer("size", 0));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("alpha", alpha)
                .with("beta", beta)
                .with("bias", bias)
                .with("size", size)
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        inputs.floating();
        inputs.rank(0, 3, Integer.MAX_VALUE);
        return List.of(in.get(0));
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        long[] pads = new long[2 * x.rank()];
        pads[1] = (size - 1) / 2;
        pads[x.rank() + 1] = size - 1 - pads[1];
        Tensor squares = Nn.pad(x.square(), pads, 0);
        Tensor sum = squares.narrow(1, 0, x.size(1));
        for (long i = 1; i < size; i++) {
            sum = sum.add(squares.narrow(1, i, x.size(1)));
        }
        return x.div(sum.mul((double) alpha / size).add(bias).pow(beta));
    }

    /** Removing a channel would make others neighbours. */
    @Override
    public void trace(ChannelTrace trace) {
        if (size > 1) {
            trace.freeze(trace.ids(0).at(1), "normalises each channel by its neighbours");
        }
        trace.output(0, trace.ids(0));
    }
}
