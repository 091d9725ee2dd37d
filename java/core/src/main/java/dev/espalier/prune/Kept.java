package dev.espalier.prune;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/** Which channels of one group stay; never none. */
public final class Kept {
    private final int channels;
    private final BitSet stays;

    private Kept(int channels, BitSet stays) {
        this.channels = channels;
        this.stays = stays;
    }

    /** Every channel stays. */
    public static Kept all(int channels) {
        return of(channels, IntStream.range(0, channels).toArray());
    }

    /** These channels of {@code channels} stay, in any order but each once. */
    public static Kept of(int channels, int... kept) {
        BitSet stays = new BitSet(channels);
        for (int channel : kept) {
            if (channel < 0 || channel >= channels) {
                throw new IllegalArgumentException(
                        "kept channel " + channel + " is out of range, expected 0 to " + (channels - 1));
            }
            if (stays.get(channel)) {
                throw new IllegalArgumentException("kept channel " + channel + " is listed twice");
            }
            stays.set(channel);
        }
        if (kept.length == 0) {
            throw new IllegalArgumentException("at least one of " + channels + " channels must stay, got none");
        }
        return new Kept(channels, stays);
    }

    /** All channels, kept or not. */
    public int channels() {
        return channels;
    }

    public int count() {
        return stays.cardinality();
    }

    public boolean has(int channel) {
        return stays.get(channel);
    }

    /** The channels that stay, ascending. */
    public int[] indices() {
        return stays.stream().toArray();
    }

    /** Whether every channel that stays here stays there too. */
    public boolean isWithin(Kept wider) {
        BitSet more = (BitSet) stays.clone();
        more.andNot(wider.stays);
        return channels == wider.channels && more.isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Kept kept && kept.channels == channels && kept.stays.equals(stays);
    }

    @Override
    public int hashCode() {
        return 31 * channels + stays.hashCode();
    }

    @Override
    public String toString() {
        return count() + " of " + channels + " channels " + Arrays.toString(indices());
    }
}
