package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The whole input repeated along each axis as often as {@code repeats} says. */
public record Tile(Ints repeats) implements Op {
    static Tile of(Attributes a) {
        if (!a.only("repeats").has("repeats")) {
            throw new UnsupportedOperatorException("Tile: repeats must be a constant");
        }
        return new Tile(a.ints("repeats"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("repeats", (Attribute) repeats).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int rank = in.get(0).rank();
        inputs.require(
                repeats.size() == rank && repeats.values().stream().allMatch(r -> r >= 0 && r <= Integer.MAX_VALUE),
                "repeats must hold " + rank + " counts, got " + repeats);
        long[] out = inputs.shape(0).toArray();
        for (int i = 0; i < rank; i++) {
            inputs.require(out[i] >= 0 || repeats.get(i) == 1, "the open batch cannot be repeated");
            out[i] = out[i] < 0 ? out[i] : Math.multiplyExact(out[i], repeats.get(i));
        }
        return List.of(in.get(0).withShape(out));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        for (int axis = 0; axis < repeats.size(); axis++) {
            int times = Math.toIntExact(repeats.get(axis));
            if (times == 0) {
                x = x.narrow(axis, 0, 0);
            } else if (times > 1) {
                x = Tensor.cat(Collections.nCopies(times, x), axis);
            }
        }
        return List.of(x);
    }

    /** Every repetition of a channel is that channel. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds out = trace.ids(0);
        for (int axis = 0; axis < repeats.size(); axis++) {
            int[] ids = out.at(axis);
            int[] all = new int[Math.toIntExact(ids.length * repeats.get(axis))];
            Arrays.setAll(all, i -> ids[i % ids.length]);
            out = out.with(axis, all);
        }
        trace.output(0, out);
        ChannelRules.passVanishing(trace);
    }
}
