package dev.espalier.manifest.check;

import dev.espalier.data.Statistics;
import dev.espalier.manifest.CellText;
import dev.espalier.manifest.Column;
import dev.espalier.manifest.ColumnType;
import dev.espalier.manifest.text.Words;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/** Gathers what one input is like. */
final class ColumnTally implements Survey.Observer {
    private static final int COMMONEST = 20;
    private static final int MOST_WORDS = 1 << 20;
    private static final int MOST_CHARACTERS = 1 << 20;

    private final Column column;
    private final int place;
    private final String training;
    private long present;
    private long missing;
    private long corrupt;
    private long other;

    private final Frequencies values = new Frequencies();
    private final Frequencies modes = new Frequencies();
    private final Numbers first = new Numbers();
    private final Numbers second = new Numbers();
    private final Map<String, ChannelTotals> totals = new TreeMap<>();
    private final Set<String> vocabulary = new HashSet<>();

    /** Gathers what the cells at {@code place} among the inputs are like. */
    ColumnTally(Column column, int place, String training) {
        this.column = column;
        this.place = place;
        this.training = training;
    }

    @Override
    public void see(Sample sample, List<Look> looks) {
        Look look = looks.get(place);
        present += look instanceof Look.Missing ? 0 : 1;
        if (look instanceof Look.Missing) {
            missing++;
        } else if (look instanceof Look.Corrupt) {
            corrupt++;
        } else if (look instanceof Look.Image image) {
            add(image, sample.split().equals(training));
        } else if (look instanceof Look.Sound sound) {
            add(sound);
        } else if (look instanceof Look.Cell cell) {
            add(cell.text());
        }
    }

    private void add(Look.Image image, boolean learntFrom) {
        String mode = image.totals().channels() == 1 ? "grey" : "rgb";
        values.add(image.height() + "x" + image.width());
        modes.add(mode);
        first.add(image.height());
        second.add(image.width());
        if (learntFrom) {
            totals.computeIfAbsent(mode, key -> new ChannelTotals(image.totals().channels()))
                    .add(image.totals());
        }
    }

    private void add(Look.Sound sound) {
        values.add(Integer.toString(sound.rate()));
        first.add(sound.seconds());
        if (sound.power() > 0) {
            second.add(10 * Math.log10(sound.power()));
        } else {
            other++;
        }
    }

    private void add(String text) {
        if (column.type() == ColumnType.TEXT) {
            List<String> words = Words.of(text, MOST_CHARACTERS);
            first.add(text.length());
            second.add(words.size());
            words.stream().takeWhile(word -> vocabulary.size() < MOST_WORDS).forEach(vocabulary::add);
        } else if (column.type() == ColumnType.NUMERIC) {
            OptionalDouble number = CellText.number(text);
            number.ifPresent(first::add);
            other += number.isPresent() ? 0 : 1;
        } else {
            values.add(text.strip());
        }
    }

    ColumnStats stats() {
        boolean readable = present > corrupt;
        return new ColumnStats(
                column.name(), column.type().label(), present, missing, corrupt, readable ? detail() : null);
    }

    private ColumnStats.Detail detail() {
        Map<String, Long> commonest = values.commonest(COMMONEST);
        return switch (column.type()) {
            case IMAGE -> {
                Map<String, Statistics> channels = new TreeMap<>();
                totals.forEach((mode, sums) -> channels.put(mode, sums.statistics()));
                yield new ColumnStats.Images(
                        commonest,
                        values.distinct(),
                        Objects.requireNonNull(first.quantiles()),
                        Objects.requireNonNull(second.quantiles()),
                        modes.commonest(2),
                        channels);
            }
            case AUDIO ->
                new ColumnStats.Sounds(commonest, Objects.requireNonNull(first.quantiles()), second.quantiles(), other);
            case TEXT ->
                new ColumnStats.Texts(
                        Objects.requireNonNull(first.quantiles()),
                        Objects.requireNonNull(second.quantiles()),
                        vocabulary.size());
            case NUMERIC -> new ColumnStats.Figures(first.quantiles(), other);
            default -> new ColumnStats.Categories(commonest, values.distinct());
        };
    }
}
