package dev.espalier.prune;

import java.util.Arrays;

/** For each channel of a group the indices that it holds along one axis of a parameter, equally many for each. */
public final class IndexMap {
    private final int channels;
    private final int[] indices;

    private IndexMap(int channels, int[] indices) {
        this.channels = channels;
        this.indices = indices;
    }

    /**
     * Makes a map.
     *
     * @param indices the indices of channel 0, then of channel 1, …; all different
     */
    public static IndexMap of(int channels, int... indices) {
        if (channels < 1 || indices.length == 0 || indices.length % channels != 0) {
            throw new IllegalArgumentException(
                    "index map: " + indices.length + " indices cannot be shared equally by " + channels + " channels");
        }
        if (Arrays.stream(indices).distinct().count() != indices.length) {
            throw new IllegalArgumentException("index map: an index belongs to two channels");
        }
        return new IndexMap(channels, indices.clone());
    }

    public int channels() {
        return channels;
    }

    /** Indices that each channel holds. */
    public int copies() {
        return indices.length / channels;
    }

    /** The index of copy {@code copy} of a channel. */
    public int at(int channel, int copy) {
        return indices[channel * copies() + copy];
    }

    /** The indices of one channel. */
    public int[] of(int channel) {
        return Arrays.copyOfRange(indices, channel * copies(), (channel + 1) * copies());
    }

    /** All indices, channel by channel. */
    public int[] all() {
        return indices.clone();
    }

    /** Whether copy r of channel c is the first index plus c * copies + r. */
    public boolean isRun() {
        for (int i = 1; i < indices.length; i++) {
            if (indices[i] != indices[0] + i) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IndexMap map && map.channels == channels && Arrays.equals(map.indices, indices);
    }

    @Override
    public int hashCode() {
        return 31 * channels + Arrays.hashCode(indices);
    }

    @Override
    public String toString() {
        return isRun()
                ? channels + " channels x " + copies() + " from " + indices[0]
                : channels + " channels x " + copies() + " at " + Arrays.toString(indices);
    }
}
