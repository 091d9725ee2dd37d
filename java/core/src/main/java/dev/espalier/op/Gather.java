package dev.espalier.op;

import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The slices of input 0 along {@code axis} that whole numbers name, negative ones counted from the end: an embedding where input 0 is a
 * weight and the numbers, input 1, are computed. Constant numbers are a setting, so that they follow a removal of channels.
 */
public record Gather(long axis, @Nullable TensorValue indices) implements Op {
    static Gather of(Attributes a) {
        a.only("axis", "indices");
        return new Gather(a.integer("axis", 0), a.has("indices") ? a.tensor("indices") : null);
    }

    /** Rows looked up in a weight. */
    public static Gather embedding() {
        return new Gather(0, null);
    }

    @Override
    public Map<String, Attribute> attributes() {
        Attributes a = Attributes.none().with("axis", axis);
        return (indices == null ? a : a.with("indices", (Attribute) indices)).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        int count = indices == null ? 2 : 1;
        Inputs inputs = Inputs.of(this, in, count, count);
        Shape data = inputs.shape(0);
        int along = inputs.axis(axis, data.rank());
        inputs.require(data.dim(along) >= 0, "axis " + along + " is the open batch, whose samples stay apart");
        Shape picked;
        if (indices == null) {
            DType type = in.get(1).dtype();
            inputs.require(type == DType.I64 || type == DType.I32, "indices must be whole numbers, got " + in.get(1));
            picked = inputs.shape(1);
        } else {
            picked = indices.shape();
            for (long index : indices.toLongs()) {
                inputs.require(
                        index >= -data.dim(along) && index < data.dim(along),
                        "index " + index + " is out of range for axis " + along + " of " + data);
            }
        }
        long[] out = new long[data.rank() - 1 + picked.rank()];
        for (int i = 0; i < out.length; i++) {
            out[i] = i < along
                    ? data.dim(i)
                    : i < along + picked.rank() ? picked.dim(i - along) : data.dim(i - picked.rank() + 1);
        }
        return List.of(in.get(0).withShape(out));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int along = (int) (axis < 0 ? axis + x.rank() : axis);
        Tensor numbers = indices == null ? Inputs.present(in.get(1)).to(DType.I64) : constant(x.device());
        Tensor wrapped = fromStart(numbers, x.size(along));
        Tensor rows = x.indexSelect(along, wrapped.reshape(-1));
        long[] out = new long[x.rank() - 1 + numbers.rank()];
        for (int i = 0; i < out.length; i++) {
            out[i] = i < along
                    ? x.size(i)
                    : i < along + numbers.rank() ? numbers.size(i - along) : x.size(i - numbers.rank() + 1);
        }
        return List.of(rows.reshape(out));
    }

    /** Whole numbers, negative ones counted from the end of an axis. */
    static Tensor fromStart(Tensor numbers, long length) {
        Tensor size = Tensor.of(new long[] {length}, 1).to(numbers.device());
        return numbers.where(numbers.ge(0), numbers.add(size));
    }

    private Tensor constant(Device device) {
        long[] values = Inputs.present(indices).toLongs();
        return Tensor.of(values, Inputs.present(indices).shape().toArray()).to(device);
    }

    /** Slices of a weight are channels of this node's own on the other axes; what constant numbers pick moves with its ids. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        TensorType type = trace.type(0);
        int along = (int) (axis < 0 ? axis + type.rank() : axis);
        int picked = indices == null ? trace.type(1).rank() : indices.shape().rank();
        ChannelIds out = ChannelIds.fixed(trace.outputType(0).rank());
        for (int i = 0; i < in.rank(); i++) {
            if (i != along) {
                out = out.with(i < along ? i : i + picked - 1, in.at(i));
                if (trace.isWeight(0)) {
                    trace.produce(in.at(i));
                }
            }
        }
        int[] ids = in.at(along);
        if (indices == null || picked > 1) {
            trace.freeze(ids, "looks these channels up by number");
            if (indices == null) {
                trace.freezeAxes(1, 0, "takes these channels as numbers");
                for (int i = 0; i < picked && !trace.ids(1).isFixed(); i++) {
                    out = out.with(along + i, trace.ids(1).at(i));
                }
            }
        } else if (ids.length > 0) {
            int[] taken = positions(ids.length);
            int[] moved = IntStream.of(taken).map(i -> ids[i]).toArray();
            if (picked == 0 || (moved.length == 1 && ids.length > 1)) {
                trace.freeze(moved, "takes this one channel");
            } else {
                out = out.with(along, moved);
            }
        }
        trace.output(0, out);
        if (trace.vanishes(0)) {
            trace.vanishing(0);
        }
    }

    private int[] positions(int length) {
        return Arrays.stream(Inputs.present(indices).toLongs())
                .mapToInt(i -> (int) (i < 0 ? i + length : i))
                .toArray();
    }

    /** Numbers of channels that stay, counted among those that stay. */
    @Override
    public Op cut(ChannelCut cut) {
        boolean[] kept = cut.keptInput(0, (int) axis);
        if (indices == null || indices.shape().rank() > 1 || ChannelCut.count(kept) == kept.length) {
            return this;
        }
        long[] left = IntStream.of(positions(kept.length))
                .filter(i -> kept[i])
                .mapToLong(i -> ChannelCut.count(kept, 0, i))
                .toArray();
        long[] shape = indices.shape().rank() == 0 ? new long[0] : new long[] {left.length};
        return new Gather(axis, TensorValue.of(left, shape));
    }
}
