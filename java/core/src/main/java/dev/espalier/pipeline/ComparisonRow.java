package dev.espalier.pipeline;

import dev.espalier.pipeline.Comparison.Cell;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The cells of one recipe and kind over all seeds; the quantities are those of {@link Comparison.Cell}. */
public record ComparisonRow(String recipe, Comparison.Kind kind, Measures measures, Costs costs) {
    /** What the models are worth. */
    public record Measures(
            int seeds,
            Spread accuracy,
            Spread parameters,
            Spread macs,
            Spread usefulMacs,
            Spread sparsity,
            Spread latencyMillis) {}

    /** What it took to make them. */
    public record Costs(Spread epochs, Spread trainedMacs, Spread seconds) {}

    /** The rows in the order in which their first cells come. */
    public static List<ComparisonRow> of(List<Cell> cells) {
        Map<List<Object>, List<Cell>> rows = new LinkedHashMap<>();
        for (Cell cell : cells) {
            rows.computeIfAbsent(List.of(cell.recipe(), cell.kind()), key -> new ArrayList<>())
                    .add(cell);
        }
        return rows.values().stream().map(ComparisonRow::row).toList();
    }

    private static ComparisonRow row(List<Cell> cells) {
        return new ComparisonRow(
                cells.get(0).recipe(),
                cells.get(0).kind(),
                new Measures(
                        cells.size(),
                        spread(cells, Cell::accuracy),
                        spread(cells, Cell::parameters),
                        spread(cells, Cell::macs),
                        spread(cells, Cell::usefulMacs),
                        spread(cells, Cell::sparsity),
                        spread(cells, Cell::latencyMillis)),
                new Costs(spread(cells, Cell::epochs), spread(cells, Cell::trainedMacs), spread(cells, Cell::seconds)));
    }

    private static Spread spread(List<Cell> cells, ToDoubleFunction<Cell> value) {
        return Spread.of(cells.stream().map(value::applyAsDouble).toList());
    }

    /** The recipe with the kind, as tables and plots name the row. */
    public String name() {
        return kind == Comparison.Kind.PRUNED ? recipe : recipe + ", " + Comparison.text(kind);
    }
}
