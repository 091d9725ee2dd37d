package dev.espalier.op;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** An operator that shrinks every spatial axis of x [n, c, spatial] to size 1. */
interface GlobalPooling extends Unary {
    @Override
    default Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    default List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        inputs.floating();
        inputs.rank(0, 3, Integer.MAX_VALUE);
        long[] out = inputs.shape(0).toArray();
        Arrays.fill(out, 2, out.length, 1);
        return List.of(in.get(0).withShape(out));
    }

    static int[] spatialAxes(int rank) {
        return IntStream.range(2, rank).toArray();
    }

    @Override
    default void trace(ChannelTrace trace) {
        ChannelRules.passBefore(trace, 2, "pools");
    }
}
