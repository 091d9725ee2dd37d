package dev.espalier.manifest.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NumberColumnTest {
    @Test
    void leastAndGreatestBecomeZeroAndOneAndWhatLiesBeyondIsClipped() {
        NumberColumn column = NumberColumn.fit("x", new double[] {4, 2, 10}, false);
        assertThat(column.scaled(2)).isZero();
        assertThat(column.scaled(10)).isEqualTo(1);
        assertThat(column.scaled(4)).isEqualTo(0.25f);
        assertThat(column.scaled(-1e300)).isZero();
        assertThat(column.scaled(1e300)).isEqualTo(1);
    }

    @Test
    void quantilesSpreadTheTrainingRowsEvenly() {
        double[] skewed =
                IntStream.range(0, 1025).mapToDouble(i -> Math.exp(i / 100.0)).toArray();
        NumberColumn column = NumberColumn.fit("x", skewed, true);
        for (int i = 0; i <= 32; i++) {
            assertThat(column.scaled(skewed[32 * i])).isEqualTo(i / 32f);
        }
        assertThat(column.scaled(skewed[16])).isBetween(0f, 1 / 32f);
    }

    @Test
    void equalNumbersAndNoneAtAllAreNoProblem() {
        assertThat(NumberColumn.fit("x", new double[] {3, 3, 3}, true).scaled(3))
                .isEqualTo(0.5f);
        assertThat(NumberColumn.fit("x", new double[] {3, 3, 3}, true).scaled(4))
                .isEqualTo(1);
        assertThat(NumberColumn.fit("x", new double[0], true).scaled(0.25)).isEqualTo(0.25f);
        double[] mostlyZero = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
        NumberColumn column = NumberColumn.fit("x", mostlyZero, true);
        assertThat(column.scaled(0)).isZero();
        assertThat(column.scaled(1)).isEqualTo(1);
    }

    @Test
    void knotsThatDoNotAscendAreRefused() {
        assertThatThrownBy(() -> new NumberColumn("x", List.of(1.0, 0.5)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("ascending");
        assertThatThrownBy(() -> new NumberColumn("x", List.of(1.0))).isInstanceOf(DataException.class);
    }
}
