package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** Every element limited to [min, max]; an infinite bound does not limit. */
public record Clip(float min, float max) implements Unary {
    static Clip of(Attributes a) {
        a.only("min", "max");
        return new Clip(a.real("min", Float.NEGATIVE_INFINITY), a.real("max", Float.POSITIVE_INFINITY));
    }

    @Override
    public Map<String, Attribute> attributes() {
        Attributes a = Attributes.none();
        a = Float.isInfinite(min) ? a : a.with("min", min);
        return (Float.isInfinite(max) ? a : a.with("max", max)).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        if (x.dtype().isFloating()) {
            return x.clamp(min, max);
        }
        Tensor above = Float.isInfinite(min) ? x : x.maximum(whole(min, x));
        return Float.isInfinite(max) ? above : above.minimum(whole(max, x));
    }

    private static Tensor whole(float bound, Tensor like) {
        long limit = (long) bound;
        limit = like.dtype() == DType.I32 ? Math.max(Integer.MIN_VALUE, Math.min(limit, Integer.MAX_VALUE)) : limit;
        limit = like.dtype() == DType.U8 ? Math.max(0, Math.min(limit, 255)) : limit;
        return Tensor.of(new long[] {limit}, 1)
                .to(like.dtype())
                .to(like.device())
                .reshape();
    }

    @Override
    public boolean keepsZero() {
        return min <= 0 && max >= 0;
    }

    @Override
    public boolean takesWholeNumbers() {
        return true;
    }
}
