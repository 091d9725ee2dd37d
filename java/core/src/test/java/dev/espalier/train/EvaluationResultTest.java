package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Answers;
import dev.espalier.data.Scale;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluationResultTest {
    private static final Scale SCALE = new Scale(100, 300);

    private static Answers labels(String... cells) {
        return Answers.ofLabels(
                Arrays.stream(cells)
                        .map(cell -> cell.chars().map(letter -> letter - 'a').toArray())
                        .toList(),
                3);
    }

    private static Answers numbers(double... numbers) {
        return Answers.ofNumbers(numbers, SCALE);
    }

    /** Of a: given 2, right 3, both 2. Of b: given 2, right 1, both 1. Of c: never given and never right. */
    @Test
    void labelsAreCountedOneByOneAndTogether() {
        EvaluationResult result = new EvaluationResult(0.5, labels("a", "ab", "b", ""), labels("a", "a", "b", "a"));
        LabelScores scores = LabelScores.of(result, List.of("a", "b", "c")).orElseThrow();
        LabelScores.OfLabel a = scores.perLabel().get("a");
        assertThat(a).isEqualTo(new LabelScores.OfLabel(3, 1, 2 / 3.0, 0.8));
        assertThat(scores.perLabel().get("b")).isEqualTo(new LabelScores.OfLabel(1, 0.5, 1, 2 / 3.0));
        assertThat(scores.perLabel().get("c"))
                .isEqualTo(new LabelScores.OfLabel(0, Double.NaN, Double.NaN, Double.NaN));
        assertThat(scores.exactMatch()).isEqualTo(0.5);
        assertThat(scores.microF1()).isEqualTo(6 / 8.0);
        assertThat(scores.macroF1()).isCloseTo((0.8 + 2 / 3.0) / 2, within(1e-12));
        assertThat(result.accuracy()).isCloseTo(10 / 12.0, within(1e-12));
        assertThat(result.perClassAccuracy()[0]).isCloseTo(7 / 9.0, within(1e-12));
        assertThat(NumberScores.of(result)).isEmpty();
    }

    @Test
    void numbersAreJudgedInTheirUnits() {
        EvaluationResult result = new EvaluationResult(0.5, numbers(110, 200, 300), numbers(100, 230, 300));
        NumberScores scores = NumberScores.of(result).orElseThrow();
        // Numbers are kept as shares of 200 in 32 bits.
        double rounding = 200 * Math.ulp(1f);
        assertThat(scores.meanAbsoluteError()).isCloseTo(40 / 3.0, within(2 * rounding));
        assertThat(scores.rootMeanSquaredError()).isCloseTo(Math.sqrt(1000 / 3.0), within(2 * rounding));
        // The mean is 210, from which the three are 110, 20 and 90 away.
        assertThat(scores.r2()).isCloseTo(1 - 1000 / 20_600.0, within(1e-6));
        assertThat(result.accuracy()).isCloseTo(1 - 40 / 3.0 / 200, within(1e-6));
        EvaluationResult constant = new EvaluationResult(0.5, numbers(210, 210, 210), numbers(100, 230, 300));
        assertThat(NumberScores.of(constant).orElseThrow().r2()).isCloseTo(0, within(1e-6));
        EvaluationResult flat = new EvaluationResult(0.5, numbers(100, 200), numbers(200, 200));
        assertThat(NumberScores.of(flat).orElseThrow().r2()).isNaN();
        assertThat(LabelScores.of(flat, List.of())).isEmpty();
    }

    @Test
    void newlyWrongIsWhatWasWhollyRightOrIsFurtherOff() {
        Answers right = labels("a", "ab", "b", "c");
        EvaluationResult before = new EvaluationResult(0.5, labels("a", "ab", "bc", "c"), right);
        EvaluationResult after = new EvaluationResult(0.5, labels("ab", "c", "ac", "c"), right);
        assertThat(after.newlyWrong(before)).containsExactly(1, 0);
        Answers numbers = numbers(100, 150, 200, 250);
        EvaluationResult close = new EvaluationResult(0.5, numbers(100, 160, 200, 190), numbers);
        // Their errors grow by 9, 11, 60 and less than nothing, of a scale of 200.
        EvaluationResult off = new EvaluationResult(0.5, numbers(109, 129, 260, 240), numbers);
        assertThat(off.newlyWrong(close)).containsExactly(2, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> off.newlyWrong(after));
        assertThatIllegalArgumentException().isThrownBy(() -> new EvaluationResult(0, numbers, right));
    }
}
