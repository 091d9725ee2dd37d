package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Blocks of the image plane moved into channels: [n, c, h * b, w * b] becomes [n, b * b * c, h, w], the place in the block outermost. */
public record SpaceToDepth(long blockSize) implements Op {
    public SpaceToDepth {
        if (blockSize < 1 || blockSize > DepthToSpace.MOST) {
            throw new IllegalArgumentException(
                    "SpaceToDepth: blocksize must lie in [1, " + DepthToSpace.MOST + "], got " + blockSize);
        }
    }

    static SpaceToDepth of(Attributes a) {
        return new SpaceToDepth(a.only("blocksize").integer("blocksize", 0));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("blocksize", blockSize).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        inputs.rank(0, 4, 4);
        inputs.known(0, 1);
        long[] x = inputs.shape(0).toArray();
        inputs.require(
                x[2] % blockSize == 0 && x[3] % blockSize == 0,
                "height and width of " + inputs.shape(0) + " must be multiples of blocksize " + blockSize);
        return List.of(in.get(0).withShape(x[0], x[1] * blockSize * blockSize, x[2] / blockSize, x[3] / blockSize));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        long n = x.size(0);
        long c = x.size(1);
        long h = x.size(2) / blockSize;
        long w = x.size(3) / blockSize;
        return List.of(x.reshape(n, c, h, blockSize, w, blockSize)
                .permute(0, 3, 5, 1, 2, 4)
                .reshape(n, blockSize * blockSize * c, h, w));
    }

    /** A channel comes back once for every place of a block. */
    @Override
    public void trace(ChannelTrace trace) {
        trace.freezeAxes(0, 2, "moves an axis that carries channels into another");
        ChannelIds in = trace.ids(0);
        int[] ids = in.at(1);
        int[] out = new int[Math.toIntExact(ids.length * blockSize * blockSize)];
        Arrays.setAll(out, i -> ids[i % ids.length]);
        trace.output(0, ChannelIds.fixed(4).with(0, in.at(0)).with(1, out));
        ChannelRules.passVanishing(trace);
    }
}
