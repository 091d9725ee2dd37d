package dev.espalier.cli.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThinnedSeriesTest {
    private static final int CAPACITY = 8;

    /** What a page does with a change. */
    private static List<Float> after(List<Float> points, ThinnedSeries.Change change) {
        List<Float> now = new ArrayList<>(points.subList(0, 2 * change.from()));
        now.addAll(change.points());
        return now;
    }

    @Test
    void pointsStayAsTheyAreUntilItIsFull() {
        ThinnedSeries series = new ThinnedSeries(CAPACITY);
        for (int i = 0; i < CAPACITY - 1; i++) {
            series.add(i, -i);
        }
        assertThat(series.whole().points())
                .containsExactly(0f, 0f, 1f, -1f, 2f, -2f, 3f, -3f, 4f, -4f, 5f, -5f, 6f, -6f);
    }

    @Test
    void neighboursAreMergedWhenItIsFullAndLaterPointsComeInGroups() {
        ThinnedSeries series = new ThinnedSeries(4);
        for (int i = 0; i < 4; i++) {
            series.add(i, 10 * i);
        }
        assertThat(series.whole().points()).containsExactly(0.5f, 5f, 2.5f, 25f);
        series.add(4, 40);
        assertThat(series.whole().points()).as("the last one grows").containsExactly(0.5f, 5f, 2.5f, 25f, 4f, 40f);
        series.add(5, 60);
        assertThat(series.whole().points()).containsExactly(0.5f, 5f, 2.5f, 25f, 4.5f, 50f);
    }

    /** Means of places and of values: a straight line stays one. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 9, 63, 64, 65, 1000, 4096})
    void itStaysBoundedInOrderAndAStraightLineStaysStraight(int count) {
        ThinnedSeries series = new ThinnedSeries(CAPACITY);
        for (int i = 0; i < count; i++) {
            series.add(i, 2 * i);
        }
        List<Float> points = series.whole().points();
        assertThat(points.size()).isBetween(2, 2 * (CAPACITY + 1));
        for (int i = 0; i < points.size(); i += 2) {
            assertThat(points.get(i + 1)).isEqualTo(2 * points.get(i));
            assertThat(points.get(i)).isBetween(i == 0 ? 0f : Math.nextUp(points.get(i - 2)), count - 1f);
        }
    }

    /** Changes carried out one after the other give the whole, however many points come between two of them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 13, 100})
    void changesAddUpToTheWhole(int between) {
        ThinnedSeries series = new ThinnedSeries(CAPACITY);
        List<Float> page = List.of();
        for (int i = 0; i < 300; i++) {
            series.add(i, i * i);
            if (i % between == 0) {
                assertThat(series.moved()).isTrue();
                page = after(page, series.changes());
                assertThat(page).isEqualTo(series.whole().points());
                assertThat(series.moved()).isFalse();
            }
        }
    }

    /** A page that begins with the whole in between stands the next change, which goes back further. */
    @Test
    void changesAlsoFitAWholeThatIsNewer() {
        ThinnedSeries series = new ThinnedSeries(CAPACITY);
        series.add(1, 1);
        series.changes();
        series.add(2, 2);
        List<Float> page = series.whole().points();
        series.add(3, 3);
        assertThat(after(page, series.changes())).isEqualTo(series.whole().points());
    }

    @Test
    void whatIsNotFiniteIsLeftOut() {
        ThinnedSeries series = new ThinnedSeries(CAPACITY);
        series.add(1, Double.NaN);
        series.add(Double.POSITIVE_INFINITY, 1);
        assertThat(series.moved()).isFalse();
        assertThat(series.whole().points()).isEmpty();
        assertThatThrownBy(() -> new ThinnedSeries(3)).hasMessageContaining("3");
    }
}
