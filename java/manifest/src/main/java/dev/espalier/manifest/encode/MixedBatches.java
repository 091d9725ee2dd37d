package dev.espalier.manifest.encode;

import dev.espalier.data.Answers;
import dev.espalier.data.Batch;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.BatchSupply;
import dev.espalier.data.EpochOrder;
import dev.espalier.data.Philox;
import dev.espalier.data.RowGather;
import dev.espalier.model.Branch;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the batches of one epoch of samples whose modalities are encoded; for one thread at a time. */
final class MixedBatches implements BatchSupply {
    /** Random numbers that each sample may use: one per modality, the last to choose one that stays. */
    private static final int DRAWS = 64;

    private final MixedSource source;
    private final BatchOptions options;
    private final EpochOrder epochOrder;
    private final Answers answers;
    private final Philox random;
    private final List<Feeder> feeders = new ArrayList<>();
    /** For inputs of files the input that says where they are present. */
    private final Map<String, String> presence = new HashMap<>();
    /** Bring the rows to each feeder. */
    private final List<RowGather> gathers = new ArrayList<>();

    MixedBatches(MixedSource source, BatchOptions options, int epoch) {
        this.source = source;
        this.options = options;
        this.epochOrder = EpochOrder.of(source, options, epoch);
        this.answers = source.answers();
        this.random = new Philox(options.sampling().seed(), Philox.MODALITIES, epoch);
        for (MixedSource.Modality part : source.parts()) {
            boolean ofFiles = part.encoder().ofFiles();
            gathers.add(part.stored().gather(ofFiles ? options.device() : Device.CPU));
            if (ofFiles) {
                presence.put(
                        part.encoder().modality(), Branch.present(part.encoder().modality()));
            }
        }
        source.parts().forEach(part -> feeders.add(part.encoder().feeder(options, epoch)));
    }

    @Override
    public Batch take(int batch) {
        EpochOrder visits = epochOrder.batch(batch);
        int[] indices = visits.order();
        int[] drawn = visits.keys();
        boolean[][] present = present(indices, drawn);
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            for (int m = 0; m < feeders.size(); m++) {
                MixedSource.Modality part = source.parts().get(m);
                Tensor rows = gathers.get(m).take(slots(part, indices));
                feeders.get(m).feed(rows, present[m], drawn, inputs);
            }
            Tensor labels = answers.targets(indices).to(options.device());
            inputs.values().forEach(scope::keep);
            scope.keep(labels);
            return new Batch(inputs, presence, answers.task(), labels, indices);
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

    /** Where the rows of samples are; of a modality that none is to have, nowhere. What chance hides is still read: see {@link Batch}. */
    private int[] slots(MixedSource.Modality part, int[] indices) {
        boolean hidden = options.hidden().contains(part.encoder().modality());
        return Arrays.stream(indices)
                .map(index -> hidden ? EncodedRows.MISSING : part.slots()[index])
                .toArray();
    }

    @Override
    public void close() {
        feeders.forEach(Feeder::close);
    }
}
