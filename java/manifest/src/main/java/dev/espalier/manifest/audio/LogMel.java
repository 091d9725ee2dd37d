package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;
import dev.espalier.runtime.Device;
import java.util.Locale;
import java.util.Objects;

/**
 * What a log-mel picture of a sound is: power spectra of frames under a Hann window, summed by mel filters, in decibels, scaled
 * from the range to 0..1.
 *
 * <p>Power is scaled so that a sine of amplitude 1 at one of the window's frequencies has power 1 (0 dB) there.
 *
 * @param sampleRate of the sounds, in Hz
 * @param framing window and hop
 * @param bands the mel filters; their lowest to highest frequency at most half the sample rate
 * @param range the levels that become 0 and 1
 */
public record LogMel(int sampleRate, Framing framing, MelBands bands, DecibelRange range) {
    public LogMel {
        Objects.requireNonNull(framing, "framing");
        Objects.requireNonNull(range, "range");
        if (sampleRate < 1 || bands.highest() > sampleRate / 2.0) {
            throw new DataException("log-mel: expected mel bands up to half the sample rate of " + sampleRate
                    + " Hz, got " + bands.highest() + " Hz");
        }
        for (int bin = 0; bin < bands.count(); bin++) {
            requireFrequency(sampleRate, framing, bands, bin);
        }
    }

    private static void requireFrequency(int sampleRate, Framing framing, MelBands bands, int bin) {
        double spacing = (double) sampleRate / framing.window();
        double next = (Math.floor(bands.edge(bin) / spacing) + 1) * spacing;
        if (next >= bands.edge(bin + 2)) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "log-mel: expected each bin to cover a frequency of the window (one every %.1f Hz), got bin %d from %.1f"
                            + " to %.1f Hz; use fewer bins or a longer window",
                    spacing,
                    bin,
                    bands.edge(bin),
                    bands.edge(bin + 2)));
        }
    }

    /** Windows of 25 ms, or as long as the lowest bin needs, every 10 ms; bins from 20 Hz to half the sample rate, -80 to 0 dB. */
    public static LogMel standard(int sampleRate, int bins) {
        MelBands bands = MelBands.all(bins, Math.min(20, sampleRate / 100.0), sampleRate / 2.0);
        int narrowest = (int) (sampleRate / (bands.edge(2) - bands.edge(0))) + 1;
        Framing framing = new Framing(Math.max(sampleRate / 40, narrowest), Math.max(1, sampleRate / 100));
        return new LogMel(sampleRate, framing, bands, new DecibelRange(-80, 0));
    }

    /** The height of the pictures: the mel bins that are kept. */
    public int bins() {
        return bands.kept().size();
    }

    /** The width of the picture of so many samples. */
    public int frames(int samples) {
        return framing.frames(samples);
    }

    /**
     * The same with some of the bins only, the others not computed.
     *
     * @param kept places among the bins of this one, ascending, from 0 to {@code bins() - 1}
     */
    public LogMel withBins(int... kept) {
        return new LogMel(sampleRate, framing, bands.keeping(kept), range);
    }

    /** What computes these pictures on a device. */
    public MelFilters filters(Device device) {
        return new MelFilters(this, device);
    }
}
