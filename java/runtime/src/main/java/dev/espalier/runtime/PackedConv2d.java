package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls.Pattern;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The kept weights of a masked convolution in the form that one backend computes with. */
public final class PackedConv2d implements TensorHolder {
    private final Backend backend;
    private final Pattern pattern;
    private final Tensor packed;
    private final Shape input;
    private final Shape weight;
    private final ConvolutionWindow window;
    private final long kept;

    private volatile @Nullable Workspace workspace;

    private record Workspace(long n, int threads, long bytes) {}

    PackedConv2d(
            Backend backend,
            Pattern pattern,
            Tensor packed,
            Shape input,
            Shape weight,
            ConvolutionWindow window,
            long kept) {
        this.backend = backend;
        this.pattern = pattern;
        this.packed = packed;
        this.input = input;
        this.weight = weight;
        this.window = window;
        this.kept = kept;
    }

    /** The backend that it was packed for. */
    public Backend backend() {
        return backend;
    }

    /** The shape of the images that it takes, [c, h, w]. */
    public Shape input() {
        return input;
    }

    /** The shape of the weight before packing, [k, c / groups, r, s]. */
    public Shape weight() {
        return weight;
    }

    /** How the filter moves. */
    public ConvolutionWindow window() {
        return window;
    }

    /** The number of weights that take part, or of vectors of 16 weights. */
    public long kept() {
        return kept;
    }

    Pattern pattern() {
        return pattern;
    }

    /** Bytes of workspace for n images and so many threads; asking the kernel costs as much as a small layer, so it is asked once. */
    long workspaceBytes(long n, int threads, LongSupplier ask) {
        Workspace known = workspace;
        if (known == null || known.n != n || known.threads != threads) {
            known = new Workspace(n, threads, ask.getAsLong());
            workspace = known;
        }
        return known.bytes;
    }

    Tensor packed() {
        return packed;
    }

    @Override
    public List<Tensor> tensors() {
        return List.of(packed);
    }

    @Override
    public String toString() {
        return "packed conv2d " + weight + ", " + kept + (pattern == Pattern.ELEMENT ? " weights" : " vectors")
                + ", for " + backend;
    }
}
