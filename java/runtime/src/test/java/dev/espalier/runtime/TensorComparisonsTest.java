package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

@ScopedTest
class TensorComparisonsTest {
    private static Tensor vector(float... values) {
        return Tensor.of(values, values.length);
    }

    @Test
    void compares() {
        Tensor x = vector(1, 2, 3);
        Tensor y = vector(2, 2, 2);
        assertThat(x.eq(y).toBytes()).containsExactly(0, 1, 0);
        assertThat(x.ne(y).toBytes()).containsExactly(1, 0, 1);
        assertThat(x.lt(y).toBytes()).containsExactly(1, 0, 0);
        assertThat(x.le(y).toBytes()).containsExactly(1, 1, 0);
        assertThat(x.gt(y).toBytes()).containsExactly(0, 0, 1);
        assertThat(x.ge(y).toBytes()).containsExactly(0, 1, 1);
        assertThat(x.eq(2).toBytes()).containsExactly(0, 1, 0);
        assertThat(x.ne(2).toBytes()).containsExactly(1, 0, 1);
        assertThat(x.lt(1.5).toBytes()).containsExactly(1, 0, 0);
        assertThat(x.le(2).toBytes()).containsExactly(1, 1, 0);
        assertThat(x.gt(2.5).toBytes()).containsExactly(0, 0, 1);
        assertThat(x.ge(2).toBytes()).containsExactly(0, 1, 1);
        assertThat(x.eq(y).dtype()).isEqualTo(DType.BOOL);
    }

    @Test
    void combinesTruthValues() {
        Tensor x = vector(0, 0, 1, 1);
        Tensor y = vector(0, 1, 0, 1);
        assertThat(x.logicalAnd(y).toBytes()).containsExactly(0, 0, 0, 1);
        assertThat(x.logicalOr(y).toBytes()).containsExactly(0, 1, 1, 1);
        assertThat(x.logicalNot().toBytes()).containsExactly(1, 1, 0, 0);
    }

    @Test
    void choosesThisWhereTheConditionHolds() {
        Tensor x = vector(1, 2, 3);
        assertThat(x.where(x.gt(1), vector(-1, -2, -3)).toFloatArray()).containsExactly(-1, 2, 3);
    }
}
