package dev.espalier.manifest.encode;

import dev.espalier.data.BatchOptions;
import dev.espalier.manifest.CellText;
import dev.espalier.model.Branch;
import dev.espalier.model.InputIndices;
import dev.espalier.model.Metadata;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Numbers in 0..1 and ids of categories of the columns of a table, each of which may be missing by itself. */
public final class TableEncoder implements Encoder {
    /** The name of the modality and of the input of the numbers. */
    static final String TABLE = "table";

    private final List<NumberColumn> numbers;
    private final List<CategoryColumn> categories;
    private final List<Map<String, Integer>> ids;

    /** At least one column. */
    public TableEncoder(List<NumberColumn> numbers, List<CategoryColumn> categories) {
        this.numbers = List.copyOf(numbers);
        this.categories = List.copyOf(categories);
        this.ids = categories.stream().map(CategoryColumn::ids).toList();
        if (numbers.isEmpty() && categories.isEmpty()) {
            throw new IllegalArgumentException("a table needs at least one column");
        }
    }

    public List<NumberColumn> numbers() {
        return numbers;
    }

    public List<CategoryColumn> categories() {
        return categories;
    }

    @Override
    public String modality() {
        return TABLE;
    }

    @Override
    public List<String> columns() {
        return Stream.concat(
                        numbers.stream().map(NumberColumn::name),
                        categories.stream().map(CategoryColumn::name))
                .toList();
    }

    /** Numbers, NaN where one is missing, then ids. */
    @Override
    public DType stored() {
        return DType.F32;
    }

    @Override
    public Shape shape() {
        return Shape.of(numbers.size() + categories.size());
    }

    @Override
    public boolean encode(List<@Nullable String> cells, CellReader reader, ByteBuffer to) throws IOException {
        for (int i = 0; i < numbers.size(); i++) {
            to.putFloat(number(numbers.get(i), cells.get(i)));
        }
        for (int i = 0; i < categories.size(); i++) {
            String cell = cells.get(numbers.size() + i);
            to.putFloat(
                    cell == null || CellText.isMissing(cell)
                            ? CategoryColumn.MISSING
                            : ids.get(i).getOrDefault(cell.strip(), CategoryColumn.UNKNOWN));
        }
        return true;
    }

    private static float number(NumberColumn column, @Nullable String cell) throws IOException {
        if (cell == null || CellText.isMissing(cell)) {
            return Float.NaN;
        }
        OptionalDouble value = CellText.number(cell);
        if (value.isEmpty()) {
            throw new IOException("column '" + column.name() + "': expected a finite number, got '" + cell + "'");
        }
        return column.scaled(value.getAsDouble());
    }

    @Override
    public TableEncoder keptBy(Metadata metadata) {
        return InputIndices.of(metadata, TABLE, 1)
                .map(kept -> new TableEncoder(
                        Arrays.stream(kept).mapToObj(numbers::get).toList(), categories))
                .orElse(this);
    }

    @Override
    public List<Branch> branches() {
        List<Branch> branches = new ArrayList<>();
        if (!numbers.isEmpty()) {
            branches.add(new Branch.Numbers(TABLE, numbers.size()));
        }
        categories.forEach(column -> branches.add(new Branch.Category(column.name(), column.count())));
        return branches;
    }

    @Override
    public Feeder feeder(BatchOptions options, int epoch) {
        return (rows, present, indices, inputs) -> {
            int n = indices.length;
            int k = numbers.size();
            float[] values = new float[n * k];
            float[] known = new float[n * k];
            long[][] categorical = new long[categories.size()][n];
            float[] stored = rows.toFloatArray();
            int next = 0;
            for (int row = 0; row < n; row++) {
                for (int c = 0; c < k; c++) {
                    float value = present[row] ? stored[next] : Float.NaN;
                    next++;
                    known[row * k + c] = Float.isNaN(value) ? 0 : 1;
                    values[row * k + c] = Float.isNaN(value) ? 0 : value;
                }
                for (long[] column : categorical) {
                    column[row] = present[row] ? (long) stored[next] : CategoryColumn.MISSING;
                    next++;
                }
            }
            if (k > 0) {
                inputs.put(TABLE, Tensor.of(values, n, k).to(options.device()));
                inputs.put(Branch.present(TABLE), Tensor.of(known, n, k).to(options.device()));
            }
            for (int c = 0; c < categorical.length; c++) {
                inputs.put(
                        categories.get(c).name(),
                        Tensor.of(categorical[c], n, 1).to(options.device()));
            }
        };
    }
}
