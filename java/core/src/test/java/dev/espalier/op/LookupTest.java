package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Values worked out by hand for the operators that add along an axis, order elements or look them up. */
@NoLeaks
class LookupTest {
    private static List<Tensor> all(Op op, Tensor... in) {
        return op.evaluate(Evaluation.INFERENCE, List.of(in));
    }

    private static float[] run(Op op, Tensor... in) {
        return all(op, in).get(0).toFloatArray();
    }

    private static long[] positions(Op op, Tensor... in) {
        return all(op, in).get(0).toLongArray();
    }

    private static Tensor matrix() {
        return Tensor.of(new float[] {3, -4, 3, 0, 5, 12}, 2, 3);
    }

    @Test
    void sumsRunFromEitherEndWithOrWithoutTheElement() {
        try (Scope scope = Scope.open()) {
            assertThat(run(new CumSum(1, false, false), matrix())).containsExactly(3, -1, 2, 0, 5, 17);
            assertThat(run(new CumSum(-1, true, false), matrix())).containsExactly(0, 3, -1, 0, 0, 5);
            assertThat(run(new CumSum(1, false, true), matrix())).containsExactly(2, -1, 3, 17, 17, 12);
            assertThat(run(new CumSum(1, true, true), matrix())).containsExactly(-1, 3, 0, 17, 12, 0);
            assertThat(run(new CumSum(0, false, false), matrix())).containsExactly(3, -4, 3, 3, 1, 15);
            Tensor whole = Tensor.of(new long[] {1, 2, 3}, 3);
            assertThat(positions(new CumSum(0, true, false), whole)).containsExactly(0, 1, 3);
        }
    }

    @Test
    void normsAreOfOneAxis() {
        try (Scope scope = Scope.open()) {
            // Norms sqrt(9 + 16 + 9) and 13, then 10 and 17; two roundings each.
            float norm = (float) Math.sqrt(34);
            float[] euclidean = {3 / norm, -4 / norm, 3 / norm, 0, 5 / 13f, 12 / 13f};
            assertThat(run(new LpNormalization(1, 2), matrix())).containsExactly(euclidean, within(0x1p-22f));
            assertThat(run(new LpNormalization(1, 1), matrix()))
                    .containsExactly(new float[] {0.3f, -0.4f, 0.3f, 0, 5 / 17f, 12 / 17f}, within(0x1p-23f));
            assertThat(run(new LpNormalization(0, 2), Tensor.of(new float[] {0, 0}, 2)))
                    .containsExactly(0, 0);
        }
    }

    @Test
    void positionsOfExtremesTellTheFirstOrTheLast() {
        try (Scope scope = Scope.open()) {
            assertThat(positions(new ArgExtreme(true, 1, false, false), matrix()))
                    .containsExactly(0, 2);
            assertThat(positions(new ArgExtreme(true, 1, false, true), matrix()))
                    .containsExactly(2, 2);
            assertThat(positions(new ArgExtreme(false, -1, false, false), matrix()))
                    .containsExactly(1, 0);
            assertThat(positions(new ArgExtreme(false, 0, true, true), matrix()))
                    .containsExactly(1, 0, 0);
        }
    }

    @Test
    void theBestComeFirstWithTheirPositions() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {3, -4, 2, 0, 5, 12}, 2, 3);
            List<Tensor> best = all(new TopK(Ints.of(2), 1, true), x);
            assertThat(best.get(0).toFloatArray()).containsExactly(3, 2, 12, 5);
            assertThat(best.get(1).toLongArray()).containsExactly(0, 2, 2, 1);
            assertThat(run(new TopK(Ints.of(1), 0, false), x)).containsExactly(0, -4, 2);
        }
    }

    @Test
    void severalNumbersAddressOneSlice() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {0, 1, 2, 3, 4, 5, 6, 7}, 2, 2, 2);
            assertThat(run(new GatherND(0), x, Tensor.of(new long[] {1, 0, 0, -1}, 2, 2)))
                    .containsExactly(4, 5, 2, 3);
            assertThat(run(new GatherND(0), x, Tensor.of(new long[] {1, 0, -1}, 3)))
                    .containsExactly(5);
            assertThat(run(new GatherND(1), x, Tensor.of(new long[] {1, 0}, 2, 1)))
                    .containsExactly(2, 3, 4, 5);
            assertThat(run(new GatherND(2), x, Tensor.of(new long[] {1, 0, 0, 1}, 2, 2, 1)))
                    .containsExactly(1, 2, 4, 7);
        }
    }

    @Test
    void numbersThatAreNoneOrInfinite() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}, 4);
            assertThat(all(new NumberTest(false), x).get(0).toBytes()).containsExactly(0, 1, 0, 0);
            assertThat(all(new NumberTest(true), x).get(0).toBytes()).containsExactly(0, 0, 1, 1);
        }
    }

    @Test
    void anEllipsisStandsForAxesCountedFromTheEnd() {
        try (Scope scope = Scope.open()) {
            Tensor a = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2);
            Tensor b = Tensor.of(new float[] {1, 10, 100, 1000}, 2, 2);
            assertThat(run(new Einsum("...ij,...j->...i"), a, b)).containsExactly(21, 43, 6500, 8700);
            assertThat(run(new Einsum("...i,...i"), a.select(0, 0), b)).containsExactly(21, 4300);
        }
    }
}
