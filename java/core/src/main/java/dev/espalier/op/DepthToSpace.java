package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Channels moved into blocks of the image plane: [n, c * b * b, h, w] becomes [n, c, h * b, w * b].
 *
 * <p>In mode DCR the places within a block are the outer part of the channel index, in mode CRD (PixelShuffle) the inner one.
 */
public record DepthToSpace(long blockSize, String mode) implements Op {
    static final int MOST = 1 << 12;

    public DepthToSpace {
        if (blockSize < 1 || blockSize > MOST) {
            throw new IllegalArgumentException(
                    "DepthToSpace: blocksize must lie in [1, " + MOST + "], got " + blockSize);
        }
    }

    static DepthToSpace of(Attributes a) {
        a.only("blocksize", "mode");
        return new DepthToSpace(a.integer("blocksize", 0), a.oneOf("mode", "DCR", "CRD"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("blocksize", blockSize).with("mode", mode).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        inputs.rank(0, 4, 4);
        inputs.known(0, 1);
        long[] x = inputs.shape(0).toArray();
        inputs.require(
                x[1] % (blockSize * blockSize) == 0,
                "channels " + x[1] + " must be a multiple of blocksize squared, " + blockSize * blockSize);
        return List.of(in.get(0).withShape(x[0], x[1] / (blockSize * blockSize), x[2] * blockSize, x[3] * blockSize));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        long n = x.size(0);
        long c = x.size(1) / (blockSize * blockSize);
        long h = x.size(2);
        long w = x.size(3);
        Tensor blocks = mode.equals("DCR")
                ? x.reshape(n, blockSize, blockSize, c, h, w).permute(0, 3, 4, 1, 5, 2)
                : x.reshape(n, c, blockSize, blockSize, h, w).permute(0, 1, 4, 2, 5, 3);
        return List.of(blocks.reshape(n, c, h * blockSize, w * blockSize));
    }

    /** The channels that fill one block are one channel. */
    @Override
    public void trace(ChannelTrace trace) {
        trace.freezeAxes(0, 2, "moves channels into an axis that carries channels");
        ChannelIds in = trace.ids(0);
        int[] ids = in.at(1);
        int block = (int) (blockSize * blockSize);
        int[] out = new int[ids.length / block];
        for (int place = 0; place < block && ids.length > 0; place++) {
            int[] own = new int[out.length];
            for (int c = 0; c < out.length; c++) {
                own[c] = ids[mode.equals("DCR") ? place * out.length + c : c * block + place];
            }
            if (place == 0) {
                out = own;
            } else {
                trace.unify(out, own);
            }
        }
        trace.output(0, ChannelIds.fixed(4).with(0, in.at(0)).with(1, out));
        ChannelRules.passVanishing(trace);
    }
}
