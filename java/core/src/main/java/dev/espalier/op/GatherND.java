package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Slices of input 0 that the last axis of input 1 addresses by whole numbers, one for each of the axes that follow the first
 * {@code batchDims}, which both inputs share; negative numbers count from the end.
 */
public record GatherND(long batchDims) implements Op {
    static GatherND of(Attributes a) {
        return new GatherND(a.only("batch_dims").integer("batch_dims", 0));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("batch_dims", batchDims).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 2);
        Shape data = inputs.shape(0);
        Shape indices = inputs.shape(1);
        inputs.require(in.get(1).dtype() == DType.I64, "indices must be whole numbers of I64, got " + in.get(1));
        inputs.require(
                batchDims >= 0 && batchDims < Math.min(data.rank(), indices.rank()),
                "batch_dims " + batchDims + " must be below the ranks of " + data + " and " + indices);
        long addressed = indices.dim(indices.rank() - 1);
        inputs.require(
                addressed >= 1 && batchDims + addressed <= data.rank(),
                "the last axis of indices " + indices + " must address 1 to " + (data.rank() - batchDims) + " axes");
        List<Long> out = new ArrayList<>();
        for (int i = 0; i < indices.rank() - 1; i++) {
            inputs.require(
                    i >= batchDims || data.dim(i) == indices.dim(i),
                    "dimension " + i + " of " + data + " and " + indices + " must be one");
            out.add(indices.dim(i));
        }
        for (int i = (int) batchDims; i < data.rank(); i++) {
            if (i < batchDims + addressed) {
                inputs.require(data.dim(i) >= 0, "axis " + i + " is the open batch, whose samples stay apart");
            } else {
                out.add(data.dim(i));
            }
        }
        return List.of(in.get(0).withShape(out.stream().mapToLong(d -> d).toArray()));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor data = Inputs.present(in.get(0));
        Tensor indices = Inputs.present(in.get(1));
        long[] from = data.shape().toArray();
        long[] named = indices.shape().toArray();
        int addressed = (int) named[named.length - 1];
        int first = (int) batchDims;
        long samples = product(from, 0, first);
        long places = product(from, first, first + addressed);
        long slice = product(from, first + addressed, from.length);
        Tensor flat = Tensor.zeros(DType.I64, indices.device(), Arrays.copyOf(named, named.length - 1));
        for (int i = 0; i < addressed; i++) {
            Tensor number = Gather.fromStart(indices.select(named.length - 1, i), from[first + i]);
            Tensor step = Tensor.of(new long[] {product(from, first + i + 1, first + addressed)}, 1);
            flat = flat.add(number.mul(step.to(number.device())));
        }
        long count = product(named, first, named.length - 1);
        Tensor positions = flat.reshape(samples, count, 1).expand(samples, count, slice);
        Tensor slices = data.reshape(samples, places, slice).takeAlong(1, positions);
        long[] out = Arrays.copyOf(named, named.length - 1 + from.length - first - addressed);
        System.arraycopy(from, first + addressed, out, named.length - 1, from.length - first - addressed);
        return List.of(slices.reshape(out));
    }

    private static long product(long[] dims, int start, int end) {
        return Arrays.stream(dims, start, end).reduce(1, (a, b) -> a * b);
    }

    /** Addressed and shared axes stay; the axes of a slice move on. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds data = trace.ids(0);
        ChannelIds indices = trace.ids(1);
        int before = indices.rank() - 1;
        int addressed = (int) trace.type(1).dim(before);
        ChannelIds out = ChannelIds.fixed(trace.outputType(0).rank());
        trace.freezeAxes(1, 0, "takes these channels as numbers");
        for (int axis = 0; axis < data.rank(); axis++) {
            int[] ids = data.at(axis);
            if (axis < batchDims) {
                trace.freeze(ids, "looks up numbers for each of these channels");
            } else if (axis < batchDims + addressed) {
                trace.freeze(ids, "looks these channels up by number");
            } else {
                out = out.with(axis - (int) batchDims - addressed + before, ids);
                if (trace.isWeight(0)) {
                    trace.produce(ids);
                }
            }
        }
        trace.output(0, out);
        ChannelRules.passVanishing(trace);
    }
}
