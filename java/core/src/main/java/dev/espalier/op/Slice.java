package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Every {@code steps}-th index from {@code starts} up to, but without, {@code ends} on the listed axes; bounds may count from the end
 * or lie outside, a negative step goes backwards.
 */
public record Slice(Ints starts, Ints ends, Ints axes, Ints steps) implements Op {
    static Slice of(Attributes a) {
        a.only("starts", "ends", "axes", "steps");
        if (!a.has("starts") || !a.has("ends")) {
            throw new UnsupportedOperatorException("Slice: starts and ends must be constants");
        }
        return new Slice(a.ints("starts"), a.ints("ends"), a.ints("axes"), a.ints("steps"));
    }

    /** The indices {@code start} to {@code end - 1} of one axis. */
    public static Slice of(long axis, long start, long end) {
        return new Slice(Ints.of(start), Ints.of(end), Ints.of(axis), Ints.NONE);
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("starts", (Attribute) starts)
                .with("ends", (Attribute) ends)
                .with("axes", axes)
                .with("steps", steps)
                .asMap();
    }

    /** The indices taken from one axis: {@code first}, then every {@code step}-th, {@code count} in all. */
    private record Range(int axis, long first, long step, long count) {
        /** The smallest index taken. */
        long lowest() {
            return step > 0 ? first : first + (count - 1) * step;
        }

        boolean isWhole(long length) {
            return first == 0 && step == 1 && count == length;
        }

        int[] indices() {
            return IntStream.range(0, (int) count)
                    .map(i -> (int) (first + i * step))
                    .toArray();
        }
    }

    private Range range(int i, long length, int rank) {
        long axis = axes.isEmpty() ? i : axes.get(i);
        long step = steps.isEmpty() ? 1 : steps.get(i);
        long low = step > 0 ? 0 : -1;
        long high = step > 0 ? length : length - 1;
        long first = Math.max(0, Math.min(high, fromStart(starts.get(i), length)));
        long end = Math.max(low, Math.min(high, fromStart(ends.get(i), length)));
        long distance = step > 0 ? end - first : first - end;
        long stride = step == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(step);
        long count = distance <= 0 || length == 0 ? 0 : (distance - 1) / stride + 1;
        return new Range((int) (axis < 0 ? axis + rank : axis), first, count <= 1 ? Long.signum(step) : step, count);
    }

    private static long fromStart(long bound, long length) {
        return bound < 0 ? bound + length : bound;
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int rank = in.get(0).rank();
        inputs.require(
                ends.size() == starts.size()
                        && (axes.isEmpty() ? starts.size() <= rank : axes.size() == starts.size())
                        && (steps.isEmpty() || steps.size() == starts.size()),
                "starts, ends, axes and steps must be equally long, got " + starts + ", " + ends + ", " + axes + ", "
                        + steps);
        inputs.require(!steps.values().contains(0L), "steps must not be 0, got " + steps);
        Set<Integer> seen = new HashSet<>();
        axes.values()
                .forEach(axis -> inputs.require(seen.add(inputs.axis(axis, rank)), "axes must differ, got " + axes));
        long[] out = inputs.shape(0).toArray();
        for (int i = 0; i < starts.size(); i++) {
            int axis = range(i, 0, rank).axis();
            if (out[axis] < 0) {
                inputs.require(isWholeWhateverTheLength(i), "the open batch cannot be sliced");
            } else {
                out[axis] = range(i, out[axis], rank).count();
            }
        }
        return List.of(in.get(0).withShape(out));
    }

    private boolean isWholeWhateverTheLength(int i) {
        return starts.get(i) == 0 && ends.get(i) >= Integer.MAX_VALUE && (steps.isEmpty() || steps.get(i) == 1);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        for (int i = 0; i < starts.size(); i++) {
            Range range = range(i, x.size(range(i, 0, x.rank()).axis()), x.rank());
            if (range.isWhole(x.size(range.axis()))) {
                continue;
            }
            if (range.step() == 1 || range.count() == 0) {
                x = x.narrow(range.axis(), range.count() == 0 ? 0 : range.first(), range.count());
            } else {
                long[] indices = Arrays.stream(range.indices()).asLongStream().toArray();
                x = x.indexSelect(
                        range.axis(), Tensor.of(indices, indices.length).to(x.device()));
            }
        }
        return List.of(x);
    }

    /**
     * The ids of what is taken. With a step other than 1 the channels go block by block of as many, so that what is left can be taken
     * with the same step.
     */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        ChannelIds out = in;
        for (int i = 0; i < starts.size(); i++) {
            int axis = range(i, 0, in.rank()).axis();
            if (in.isFixed(axis)) {
                continue;
            }
            int[] ids = in.at(axis);
            Range range = range(i, ids.length, in.rank());
            int[] taken = IntStream.of(range.indices()).map(k -> ids[k]).toArray();
            tieBlocks(trace, ids, range);
            if (taken.length == 1 && ids.length > 1) {
                trace.freeze(taken, "takes this one channel");
            }
            out = out.with(axis, taken);
        }
        trace.moved(0, out);
    }

    /** Blocks start at multiples of the step, so that slices that take different places of the same blocks agree. */
    private static void tieBlocks(ChannelTrace trace, int[] ids, Range range) {
        int stride = (int) Math.abs(range.step());
        if (stride < 2 || range.count() < 2) {
            return;
        }
        int first = (int) range.lowest();
        int last = first + (int) (range.count() - 1) * stride;
        for (int i = first; i <= last; i++) {
            int leader = Math.max(first, i - i % stride);
            if (leader < i) {
                trace.unify(new int[] {ids[leader]}, new int[] {ids[i]});
            }
        }
    }

    @Override
    public Op cut(ChannelCut cut) {
        long[] first = starts.toArray();
        long[] end = ends.toArray();
        for (int i = 0; i < first.length; i++) {
            int axis = (int) (axes.isEmpty() ? i : axes.get(i));
            boolean[] before = cut.keptInput(0, axis);
            int length = ChannelCut.count(before);
            if (length == before.length) {
                continue;
            }
            Range range = range(i, before.length, before.length);
            int count = ChannelCut.count(cut.keptOutput(0, axis));
            if (count == 0) {
                first[i] = 0;
                end[i] = range.step() > 0 ? 0 : length;
                continue;
            }
            int taken =
                    IntStream.of(range.indices()).filter(k -> before[k]).min().orElseThrow();
            int lowest = ChannelCut.count(before, 0, taken);
            long last = lowest + (count - 1) * Math.abs(range.step());
            first[i] = range.step() > 0 ? lowest : last;
            end[i] = range.step() > 0 ? last + 1 : lowest == 0 ? -(length + 1L) : lowest - 1L;
        }
        return new Slice(Ints.of(first), Ints.of(end), axes, steps);
    }
}
