package dev.espalier.pipeline;

import dev.espalier.train.Listener;
import dev.espalier.train.SliceScore;
import dev.espalier.train.Snapshot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Remembers how slices fared after each step of a run, and tells of it; the model before pruning comes first. */
final class SliceSteps implements Listener {
    private static final String PREFIX = "slice-steps/";

    private final List<Listener> told;
    private final List<SliceStep> steps = new ArrayList<>();

    SliceSteps(List<Listener> told) {
        this.told = told;
    }

    List<SliceStep> all() {
        return List.copyOf(steps);
    }

    /** Whether the model before pruning was measured: what happens earlier is no step of pruning. */
    boolean begun() {
        return !steps.isEmpty();
    }

    void add(String name, List<SliceScore> slices) {
        steps.add(new SliceStep(name, slices));
        told.forEach(listener -> listener.slices(slices));
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        int row = 0;
        for (int i = 0; i < steps.size(); i++) {
            SliceStep step = steps.get(i);
            for (SliceScore slice : step.slices()) {
                // Facts sort as text, so that equal widths keep the order.
                snapshot.fact(
                        PREFIX + "%06d".formatted(row++),
                        String.join(
                                ",",
                                Integer.toString(i),
                                step.name(),
                                Integer.toString(slice.samples()),
                                Double.toString(slice.accuracy()),
                                slice.name()));
            }
        }
    }

    @Override
    public void restore(Snapshot snapshot) {
        Map<String, List<SliceScore>> read = new LinkedHashMap<>();
        snapshot.factsUnder(PREFIX).values().forEach(text -> {
            String[] f = text.split(",", 5);
            read.computeIfAbsent(f[0] + "," + f[1], key -> new ArrayList<>())
                    .add(new SliceScore(f[4], Integer.parseInt(f[2]), Double.parseDouble(f[3])));
        });
        steps.clear();
        read.forEach((key, slices) -> steps.add(new SliceStep(key.substring(key.indexOf(',') + 1), slices)));
    }
}
