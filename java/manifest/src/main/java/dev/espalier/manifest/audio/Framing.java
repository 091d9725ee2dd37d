package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;

/**
 * How a sound is cut into frames that may overlap; the first starts at sample 0, none reaches past the last sample.
 *
 * @param window samples of a frame, 2 to 8192
 * @param hop samples from the start of a frame to the start of the next, at least 1
 */
public record Framing(int window, int hop) {
    private static final int LONGEST = 8192;

    public Framing {
        if (window < 2 || window > LONGEST || hop < 1) {
            throw new DataException("framing: expected a window of 2 to " + LONGEST
                    + " samples and a hop of at least 1, got " + window + " and " + hop);
        }
    }

    /** The number of frames in so many samples; 0 if they are fewer than the window. */
    public int frames(int samples) {
        return samples < window ? 0 : 1 + (samples - window) / hop;
    }
}
