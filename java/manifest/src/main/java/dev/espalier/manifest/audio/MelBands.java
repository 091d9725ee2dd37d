package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Triangular filters of height 1, equally spaced on the mel scale, 2595 log10(1 + f / 700) (O'Shaughnessy 1987, as in HTK); each
 * one reaches from the centre of the filter below to that of the filter above.
 *
 * @param count filters between the lowest and the highest frequency
 * @param lowest where the first filter starts, in Hz
 * @param highest where the last filter ends, in Hz
 * @param kept the filters that are computed, ascending, from 0 to {@code count - 1}
 */
public record MelBands(int count, double lowest, double highest, List<Integer> kept) {
    private static final int MOST = 1024;

    public MelBands {
        kept = List.copyOf(kept);
        if (count < 1 || count > MOST || !(lowest >= 0 && lowest < highest && highest <= 1e6)) {
            throw new DataException(
                    "mel bands: expected 1 to " + MOST + " bins and 0 <= lowest < highest <= 1e6 Hz, got " + count
                            + " bins from " + lowest + " to " + highest + " Hz");
        }
        if (kept.isEmpty() || !ascending(kept) || kept.get(0) < 0 || kept.get(kept.size() - 1) >= count) {
            throw new DataException(
                    "mel bands: expected kept bins in ascending order from 0 to " + (count - 1) + ", got " + kept);
        }
    }

    private static boolean ascending(List<Integer> numbers) {
        return IntStream.range(1, numbers.size()).allMatch(i -> numbers.get(i - 1) < numbers.get(i));
    }

    /** All of {@code count} filters. */
    public static MelBands all(int count, double lowest, double highest) {
        return new MelBands(
                count, lowest, highest, IntStream.range(0, count).boxed().toList());
    }

    /**
     * These bands with some of the filters kept so far.
     *
     * @param places places in {@link #kept}, ascending
     */
    public MelBands keeping(int... places) {
        List<Integer> fewer = new ArrayList<>();
        for (int place : places) {
            if (place < 0 || place >= kept.size()) {
                throw new DataException(
                        "mel bands: expected places from 0 to " + (kept.size() - 1) + " among the bins, got " + place);
            }
            fewer.add(kept.get(place));
        }
        return new MelBands(count, lowest, highest, fewer);
    }

    /** The height of filter {@code bin} at a frequency in Hz. */
    double weight(int bin, double frequency) {
        double low = edge(bin);
        double centre = edge(bin + 1);
        double high = edge(bin + 2);
        return Math.max(0, Math.min((frequency - low) / (centre - low), (high - frequency) / (high - centre)));
    }

    /** Where filter {@code index} starts, filter {@code index - 1} has its centre and {@code index - 2} ends, in Hz. */
    double edge(int index) {
        double from = mel(lowest);
        return hertz(from + (mel(highest) - from) * index / (count + 1));
    }

    private static double mel(double hertz) {
        return 2595 * Math.log10(1 + hertz / 700);
    }

    private static double hertz(double mel) {
        return 700 * (Math.pow(10, mel / 2595) - 1);
    }
}
