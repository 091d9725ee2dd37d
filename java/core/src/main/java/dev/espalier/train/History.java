package dev.espalier.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Remembers the report of every epoch, under the name of the stage it belongs to. */
public final class History implements Listener {
    private static final String PREFIX = "history/";

    /** One epoch of one stage. */
    public record Entry(String stage, EpochReport report) {
        public Entry {
            if (stage.isEmpty() || stage.contains(",") || stage.contains("\n")) {
                throw new IllegalArgumentException(
                        "a stage needs a name without commas and line ends, got '" + stage + "'");
            }
        }
    }

    private final List<Entry> entries = new ArrayList<>();
    private String stage = "train";

    @Override
    public void stageBegin(String name, Recipe recipe, int perEpoch) {
        stage = name;
    }

    public List<Entry> entries() {
        return Collections.unmodifiableList(entries);
    }

    @Override
    public void epochEnd(EpochReport report) {
        entries.add(new Entry(stage, report));
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        for (int i = 0; i < entries.size(); i++) {
            // Facts sort as text, so that equal widths keep the order.
            snapshot.fact(PREFIX + "%06d".formatted(i), text(entries.get(i)));
        }
    }

    @Override
    public void restore(Snapshot snapshot) {
        entries.clear();
        snapshot.factsUnder(PREFIX).values().forEach(text -> entries.add(entry(text)));
    }

    private static String text(Entry entry) {
        EpochReport r = entry.report();
        String validation = r.validation() == null
                ? ",,"
                : r.validation().loss() + "," + r.validation().accuracy() + ","
                        + r.validation().hidden();
        return String.join(
                ",",
                entry.stage(),
                Integer.toString(r.epoch()),
                Long.toString(r.batches()),
                Double.toString(r.training().loss()),
                Double.toString(r.training().accuracy()),
                validation,
                Double.toString(r.learningRate()),
                Double.toString(r.seconds()));
    }

    private static Entry entry(String text) {
        String[] f = text.split(",", -1);
        EpochReport.Scores training = new EpochReport.Scores(Double.parseDouble(f[3]), Double.parseDouble(f[4]));
        EpochReport.Scores validation = f[5].isEmpty()
                ? null
                : new EpochReport.Scores(Double.parseDouble(f[5]), Double.parseDouble(f[6]), Double.parseDouble(f[7]));
        return new Entry(
                f[0],
                new EpochReport(
                        Integer.parseInt(f[1]),
                        Long.parseLong(f[2]),
                        training,
                        validation,
                        Double.parseDouble(f[8]),
                        Double.parseDouble(f[9])));
    }
}
