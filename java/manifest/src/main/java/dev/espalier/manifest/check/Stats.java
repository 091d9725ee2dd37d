package dev.espalier.manifest.check;

import dev.espalier.data.DataListener;
import dev.espalier.manifest.Column;
import java.util.ArrayList;
import java.util.List;

/**
 * What a data set is like.
 *
 * @param splits with their classes
 * @param columns one for each input
 */
public record Stats(List<SplitFacts> splits, List<ColumnStats> columns) {
    public Stats {
        splits = List.copyOf(splits);
        columns = List.copyOf(columns);
    }

    /**
     * Reads every file once.
     *
     * @param listener is told of progress
     */
    public static Stats of(Subject subject, DataListener listener) {
        LabelCounts labels = new LabelCounts(subject);
        List<ColumnTally> tallies = new ArrayList<>();
        for (Column input : subject.inputs()) {
            tallies.add(new ColumnTally(input, tallies.size(), subject.splits().get(0)));
        }
        List<Survey.Observer> observers = new ArrayList<>(tallies);
        observers.add(labels);
        Survey.run(subject, listener, observers);
        return new Stats(
                labels.facts(), tallies.stream().map(ColumnTally::stats).toList());
    }
}
