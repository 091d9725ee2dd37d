package dev.espalier.manifest.encode;

import dev.espalier.data.Batch;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.BatchSupply;
import dev.espalier.data.Philox;
import dev.espalier.data.Sampling;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the batches of one epoch of samples whose modalities are encoded; for one thread at a time. */
final class MixedBatches implements BatchSupply {
    /** Random numbers that each sample may use: one per modality, the last to choose one that stays. */
    private static final int DRAWS = 64;

    private final MixedSource source;
    private final BatchOptions options;
    private final int[] order;
    /** What keys the random numbers of each visit. */
    private final int[] keys;

    private final int[] labels;
    private final Philox random;
    private final List<Feeder> feeders = new ArrayList<>();
    /** What a missing row holds. */
    private final byte[] zeros;

    private ByteBuffer staging = ByteBuffer.allocateDirect(0);

    MixedBatches(MixedSource source, BatchOptions options, int epoch) {
        this.source = source;
        this.options = options;
        this.order = options.sampling().order(source, epoch);
        this.keys = Sampling.keys(order, source.size());
        this.labels = source.labels();
        this.zeros = new byte
                [source.parts().stream()
                        .mapToInt(part -> part.encoder().bytes())
                        .max()
                        .orElse(0)];
        this.random = new Philox(options.sampling().seed(), Philox.MODALITIES, epoch);
        source.parts().forEach(part -> feeders.add(part.encoder().feeder(options, epoch)));
    }

    @Override
    public Batch take(int batch) {
        int from = batch * options.size();
        int to = Math.min(order.length, from + options.size());
        int[] indices = Arrays.copyOfRange(order, from, to);
        int[] drawn = Arrays.copyOfRange(keys, from, to);
        long[] targets = Arrays.stream(indices).mapToLong(i -> labels[i]).toArray();
        boolean[][] present = present(indices, drawn);
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            for (int m = 0; m < feeders.size(); m++) {
                feeders.get(m).feed(gather(source.parts().get(m), present[m], indices), present[m], drawn, inputs);
            }
            Tensor classes = Tensor.of(targets, targets.length).to(options.device());
            inputs.values().forEach(scope::keep);
            scope.keep(classes);
            return new Batch(inputs, classes, indices);
        }
    }

    /** For each modality which samples have it, after what is hidden and what chance takes away. */
    private boolean[][] present(int[] indices, int[] drawn) {
        List<MixedSource.Modality> parts = source.parts();
        boolean[][] present = new boolean[parts.size()][indices.length];
        for (int m = 0; m < parts.size(); m++) {
            boolean hidden = options.hidden().contains(parts.get(m).encoder().modality());
            for (int i = 0; i < indices.length; i++) {
                present[m][i] = !hidden && parts.get(m).has(indices[i]);
            }
        }
        double dropout = options.augmentation().mixed().modalityDropout();
        if (dropout > 0) {
            for (int i = 0; i < indices.length; i++) {
                drop(present, i, (long) drawn[i] * DRAWS, dropout);
            }
        }
        return present;
    }

    private void drop(boolean[][] present, int sample, long draw, double dropout) {
        List<Integer> there = new ArrayList<>();
        for (int m = 0; m < present.length; m++) {
            if (present[m][sample]) {
                there.add(m);
            }
        }
        if (there.isEmpty()) {
            return;
        }
        int spared = there.get(random.below(draw + DRAWS - 1, there.size()));
        boolean any = there.stream().anyMatch(m -> random.uniform(draw + m) >= dropout);
        for (int m : there) {
            present[m][sample] = random.uniform(draw + m) >= dropout || (!any && m == spared);
        }
    }

    /** The rows in the staging buffer; every tensor that shares it is gone when the next are gathered. */
    private ByteBuffer gather(MixedSource.Modality part, boolean[] present, int[] indices) {
        int bytes = part.encoder().bytes();
        int all = Math.multiplyExact(indices.length, bytes);
        if (staging.capacity() < all) {
            staging = ByteBuffer.allocateDirect(all).order(ByteOrder.nativeOrder());
        }
        staging.clear().limit(all);
        for (int i = 0; i < indices.length; i++) {
            if (present[i]) {
                staging.put(i * bytes, part.stored().row(part.slots()[indices[i]]), 0, bytes);
            } else {
                staging.put(i * bytes, zeros, 0, bytes);
            }
        }
        return staging;
    }

    @Override
    public void close() {
        feeders.forEach(Feeder::close);
    }
}
