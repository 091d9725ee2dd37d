package dev.espalier.prune;

import dev.espalier.runtime.Tensor;
import java.util.SplittableRandom;

/** Scores that depend on nothing but a seed and the name of what is scored, so that repeated steps draw the same order. */
final class RandomScores {
    private RandomScores() {}

    /** F32 of a weight's shape, on its device, uniform in [0, 1). */
    static Tensor like(Tensor weight, long seed, String name) {
        return draw(seed, name, Math.toIntExact(weight.numel()))
                .reshape(weight.shape().toArray())
                .to(weight.device());
    }

    /** F32 [count] on the CPU, uniform in [0, 1). */
    static Tensor draw(long seed, String name, int count) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + name.hashCode());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            // 24 random bits: every value is exact in F32 and below 1.
            values[i] = (random.nextInt() >>> 8) * 0x1p-24f;
        }
        return Tensor.of(values, count);
    }
}
