package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Computes log-mel pictures on one device; owns the filters there until it is closed. For any thread.
 *
 * <p>The Fourier transform is a matrix product with the windowed cosines and sines of those frequencies that a kept filter
 * covers.
 */
public final class MelFilters implements AutoCloseable {
    private final LogMel spec;
    private final Scope owner = Scope.owner("mel filters");
    /** F32 [window, 2 * frequencies]: cosines, then sines. */
    private final Tensor waves;
    /** F32 [2 * frequencies, bins]: the filters' heights, twice over, as the power is the sum of both squares. */
    private final Tensor heights;

    MelFilters(LogMel spec, Device device) {
        this.spec = spec;
        int[] frequencies = IntStream.rangeClosed(0, spec.framing().window() / 2)
                .filter(k -> spec.bands().kept().stream().anyMatch(bin -> height(bin, k) > 0))
                .toArray();
        try (Scope scope = Scope.open()) {
            this.waves = owner.adopt(waves(frequencies).to(device));
            this.heights = owner.adopt(heights(frequencies).to(device));
        }
    }

    private double height(int bin, int frequency) {
        return spec.bands()
                .weight(
                        bin,
                        (double) frequency * spec.sampleRate() / spec.framing().window());
    }

    /** Scaled by 2 over the sum of the Hann window, n / 2. */
    private Tensor waves(int[] frequencies) {
        int n = spec.framing().window();
        int count = frequencies.length;
        float[] values = new float[n * 2 * count];
        for (int i = 0; i < n; i++) {
            double window = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / n);
            for (int f = 0; f < count; f++) {
                double turn = 2 * Math.PI * ((long) frequencies[f] * i % n) / n;
                values[2 * i * count + f] = (float) (4.0 / n * window * Math.cos(turn));
                values[(2 * i + 1) * count + f] = (float) (4.0 / n * window * Math.sin(turn));
            }
        }
        return Tensor.of(values, n, 2L * count);
    }

    private Tensor heights(int[] frequencies) {
        int count = frequencies.length;
        int bins = spec.bins();
        float[] values = new float[2 * count * bins];
        for (int f = 0; f < 2 * count; f++) {
            for (int b = 0; b < bins; b++) {
                values[f * bins + b] = (float) height(spec.bands().kept().get(b), frequencies[f % count]);
            }
        }
        return Tensor.of(values, 2L * count, bins);
    }

    /**
     * The pictures of sounds of one length.
     *
     * @param sounds F32 [n, samples] on the device of these filters, of the sample rate of their {@link LogMel}
     * @return F32 [n, bins, frames] in 0..1, low frequencies first
     */
    public Tensor apply(Tensor sounds) {
        int samples = sounds.rank() == 2 ? Math.toIntExact(sounds.size(1)) : 0;
        int frames = spec.frames(samples);
        if (frames == 0 || sounds.dtype() != DType.F32) {
            throw new DataException("log-mel: expected sounds F32 [n, at least "
                    + spec.framing().window() + " samples], got " + sounds + "; pad them");
        }
        double floor = spec.range().floor();
        double span = spec.range().ceiling() - floor;
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Tensor power = frames(sounds, frames).matmul(waves).square().matmul(heights);
            Tensor levels = power.log()
                    .mulInPlace(10 / Math.log(10) / span)
                    .addInPlace(-floor / span)
                    .clampInPlace(0, 1);
            return scope.keep(levels.transpose(1, 2).contiguous());
        }
    }

    /** [n, frames, window], pieced together from blocks of one hop: frame t holds the start of blocks t, t + 1, ... */
    private Tensor frames(Tensor sounds, int frames) {
        int window = spec.framing().window();
        int hop = spec.framing().hop();
        int perFrame = (window + hop - 1) / hop;
        int blocks = frames + perFrame - 1;
        long missing = (long) blocks * hop - sounds.size(1);
        Tensor cut = Nn.pad(sounds, new long[] {0, 0, 0, missing}, 0).reshape(sounds.size(0), blocks, hop);
        List<Tensor> pieces = new ArrayList<>();
        for (int p = 0; p < perFrame; p++) {
            pieces.add(cut.narrow(1, p, frames).narrow(2, 0, Math.min(hop, window - p * hop)));
        }
        return Tensor.cat(pieces, 2);
    }

    /** Frees the filters. */
    @Override
    public void close() {
        owner.close();
    }
}
