package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@NoLeaks
class AnswersTest {
    private static final Answers CLASSES = Answers.ofClasses(new int[] {2, 0, 2}, 3);
    private static final Answers LABELS =
            Answers.ofLabels(List.of(new int[] {0, 2}, new int[0], new int[] {1}, new int[] {1, 2}), 3);
    private static final Scale SCALE = new Scale(100, 300);

    private static int[] all(int count) {
        return IntStream.range(0, count).toArray();
    }

    @Test
    void targetsHaveTheFormOfTheTask() {
        try (Scope scope = Scope.open()) {
            assertThat(CLASSES.targets(new int[] {1, 2}).toLongArray()).containsExactly(0, 2);
            assertThat(LABELS.targets(new int[] {3, 1}).shape()).isEqualTo(Shape.of(2, 3));
            assertThat(LABELS.targets(new int[] {3, 1}).toFloatArray()).containsExactly(0, 1, 1, 0, 0, 0);
            Answers numbers = Answers.ofNumbers(new double[] {150, 300, 350}, SCALE);
            assertThat(numbers.targets(all(3)).dtype()).isEqualTo(DType.F32);
            assertThat(numbers.targets(all(3)).shape()).isEqualTo(Shape.of(3, 1));
            // A number outside what was learnt from stays what it is.
            assertThat(numbers.targets(all(3)).toFloatArray()).containsExactly(0.25f, 1, 1.25f);
            assertThat(numbers.number(2)).isEqualTo(350);
        }
    }

    @Test
    void theScoreIsWhatIsRight() {
        Answers classes = Answers.ofClasses(new int[] {2, 1, 0}, 3);
        assertThat(IntStream.range(0, 3).mapToDouble(i -> classes.score(i, CLASSES)))
                .containsExactly(1.0, 0.0, 0.0);
        Answers labels = Answers.ofLabels(List.of(new int[] {0, 2}, new int[] {1}, new int[] {0}, new int[] {0}), 3);
        assertThat(labels.score(0, LABELS)).isEqualTo(1);
        assertThat(labels.score(1, LABELS)).isCloseTo(2 / 3.0, within(1e-9));
        assertThat(labels.score(2, LABELS)).isCloseTo(1 / 3.0, within(1e-9));
        assertThat(labels.score(3, LABELS)).isZero();
        Answers right = Answers.ofNumbers(new double[] {150, 150, 900, 100}, SCALE);
        Answers given = Answers.ofNumbers(new double[] {150, 200, 300, Double.NaN}, SCALE);
        assertThat(IntStream.range(0, 4).mapToDouble(i -> given.score(i, right)))
                .containsExactly(1.0, 0.75, 0.0, 0.0);
    }

    @Test
    void slicesAreWhoHasALabelAndQuartersOfNumbers() {
        List<String> names = List.of("a", "b", "c");
        assertThat(CLASSES.slices(names)).extracting(Slice::name).containsExactly("class a", "class c");
        assertThat(LABELS.slices(names)).extracting(Slice::name).containsExactly("class a", "class b", "class c");
        assertThat(LABELS.slices(names).get(2).rows()).containsExactly(0, 3);
        double[] falling = IntStream.range(0, 10).mapToDouble(i -> 109 - i).toArray();
        List<Slice> quarters = Answers.ofNumbers(falling, SCALE).slices(List.of());
        assertThat(quarters)
                .extracting(Slice::name)
                .containsExactly(
                        "quarter 1, to 102.0", "quarter 2, to 104.0", "quarter 3, to 107.0", "quarter 4, to 109.0");
        assertThat(quarters).extracting(Slice::size).containsExactly(3, 2, 3, 2);
        assertThat(quarters.get(0).rows()).containsExactly(7, 8, 9);
        assertThat(Answers.ofNumbers(new double[] {7, 7, 7, 7, 9}, SCALE).slices(List.of()))
                .extracting(Slice::size)
                .containsExactly(4, 1);
    }

    @Test
    void peopleReadNamesAndUnits() {
        List<String> names = List.of("a", "b", "c");
        assertThat(CLASSES.text(0, names)).isEqualTo("c");
        assertThat(LABELS.text(0, names)).isEqualTo("a, c");
        assertThat(LABELS.text(1, names)).isEqualTo("none");
        assertThat(Answers.ofNumbers(new double[] {123.456}, SCALE).text(0, List.of()))
                .isEqualTo("123.5");
    }

    @Test
    void onlyClassesAreDrawnByClass() {
        assertThat(CLASSES.strata()).isDeepEqualTo(new int[][] {{1}, {}, {0, 2}});
        assertThat(LABELS.strata()).isDeepEqualTo(new int[][] {{0, 1, 2, 3}});
        Answers numbers =
                Answers.ofNumbers(IntStream.range(0, 40).asDoubleStream().toArray(), SCALE);
        HoldOut split = HoldOut.of(numbers, 0.25, 3);
        assertThat(split.held()).hasSize(10);
        assertThat(IntStream.concat(IntStream.of(split.held()), IntStream.of(split.kept())))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 40).boxed().toList());
        assertThat(HoldOut.of(numbers, 0.25, 4).held()).isNotEqualTo(split.held());
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(LABELS::classes)
                .isInstanceOf(DataException.class)
                .hasMessageContaining("one class for each sample, got labels");
        assertThatThrownBy(() -> new Scale(3, 3)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new Scale(0, Double.POSITIVE_INFINITY)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new Answers(Task.LABELS, 3, new float[4], Scale.UNIT))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
