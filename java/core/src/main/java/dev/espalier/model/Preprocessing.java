package dev.espalier.model;

import dev.espalier.runtime.Shape;
import java.util.Collections;
import java.util.List;

/**
 * How an image becomes the model's input: pixel / 255, then (x - mean) / std per channel.
 *
 * @param input shape of one sample, [channels, height, width]
 * @param mean one value per channel
 * @param std one positive value per channel
 * @param layout order of the axes; only {@code NCHW}
 */
public record Preprocessing(Shape input, List<Float> mean, List<Float> std, String layout) {
    public Preprocessing {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (input.rank() != 3) {
            throw new IllegalArgumentException("input of one sample must be [channels, height, width], got " + input);
        }
        if (mean.size() != input.dim(0) || std.size() != input.dim(0)) {
            throw new IllegalArgumentException("mean and std must have one value for each of the " + input.dim(0)
                    + " channels, got " + mean + " and " + std);
        }
        if (!std.stream().allMatch(s -> s > 0 && Float.isFinite(s))) {
            throw new IllegalArgumentException("std must be positive, got " + std);
        }
        if (!layout.equals("NCHW")) {
            throw new IllegalArgumentException("layout must be NCHW, got " + layout);
        }
    }

    /** Pixels scaled to 0..1 and nothing else. */
    public static Preprocessing unit(Shape input) {
        int channels = (int) input.dim(0);
        return new Preprocessing(input, Collections.nCopies(channels, 0f), Collections.nCopies(channels, 1f), "NCHW");
    }
}
