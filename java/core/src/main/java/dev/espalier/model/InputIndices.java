package dev.espalier.model;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which indices along an axis of an input a model takes of those that it took before it was pruned.
 *
 * <p>Kept in {@link Metadata#extra} as {@code espalier.kept.<input>.<axis>}, a JSON list of numbers, ascending: who fed the first model
 * feeds the pruned one these, in this order.
 */
public final class InputIndices {
    private InputIndices() {}

    private static String key(String input, int axis) {
        return "espalier.kept." + input + "." + axis;
    }

    /** The indices that stay, numbered as in the first model; none where all do. */
    public static Optional<int[]> of(Metadata metadata, String input, int axis) {
        return Optional.ofNullable(metadata.extra().get(key(input, axis)))
                .map(text -> Arrays.stream(text.split("\\D+", -1))
                        .filter(number -> !number.isEmpty())
                        .mapToInt(Integer::parseInt)
                        .toArray());
    }

    /** States that of what the model took so far only these indices stay; they are counted in it and stated as of the first one. */
    public static Metadata kept(Metadata metadata, String input, int axis, int[] kept) {
        int[] stated = of(metadata, input, axis)
                .map(before -> IntStream.of(kept).map(i -> before[i]).toArray())
                .orElse(kept);
        String list = IntStream.of(stated).mapToObj(Integer::toString).collect(Collectors.joining(", ", "[", "]"));
        return metadata.with(key(input, axis), list);
    }
}
