package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.prune.Kept;
import dev.espalier.prune.Mask;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.Snapshot;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A mask as facts and tensors of a checkpoint, under a prefix that ends in a slash. */
record SavedMask(String prefix) {
    void save(Snapshot.Builder snapshot, Mask mask) {
        saveChannels(snapshot, mask);
        mask.elements().forEach((parameter, bits) -> snapshot.tensor(prefix + "bits/" + parameter, bits.words()));
    }

    void saveChannels(Snapshot.Builder snapshot, Mask mask) {
        mask.layers().forEach(layer -> snapshot.fact(layers() + layer, true));
        mask.channels().forEach((group, kept) -> {
            long[] indices = Arrays.stream(kept.indices()).asLongStream().toArray();
            snapshot.fact(channels() + group, kept.channels())
                    .tensor(channels() + group, Tensor.of(indices, indices.length));
        });
    }

    Map<String, Kept> channels(Snapshot snapshot) {
        Map<String, Kept> kept = new LinkedHashMap<>();
        snapshot.tensorsUnder(channels()).forEach((group, indices) -> {
            int[] left = Arrays.stream(indices.toLongArray())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            kept.put(group, Kept.of(snapshot.integer(channels() + group), left));
        });
        return kept;
    }

    /** The mask of a graph, its words on {@code device} in the open scope. */
    Mask restore(Snapshot snapshot, Graph graph, Device device) {
        Map<String, BitMask> elements = new LinkedHashMap<>();
        snapshot.tensorsUnder(prefix + "bits/")
                .forEach((parameter, words) -> elements.put(
                        parameter,
                        new BitMask(
                                words.to(device).copy(), graph.type(parameter).shape())));
        return Mask.of(elements, channels(snapshot));
    }

    /** The layers removed. */
    Mask layers(Snapshot snapshot) {
        return Mask.ofLayers(snapshot.factsUnder(layers()).keySet());
    }

    private String layers() {
        return prefix + "layers/";
    }

    private String channels() {
        return prefix + "channels/";
    }
}
