package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

@ScopedTest
class TensorUpdatesTest {
    private final float[] start = {1, 2, 4};

    private Tensor x() {
        return Tensor.of(start, 3);
    }

    @Test
    void changesTheTensorItself() {
        Tensor y = Tensor.of(new float[] {1, 10, 100}, 3);
        assertThat(x().addInPlace(y).toFloatArray()).containsExactly(2, 12, 104);
        assertThat(x().addInPlace(y, -2).toFloatArray()).containsExactly(-1, -18, -196);
        assertThat(x().addInPlace(0.5).toFloatArray()).containsExactly(1.5f, 2.5f, 4.5f);
        assertThat(x().subInPlace(y).toFloatArray()).containsExactly(0, -8, -96);
        assertThat(x().subInPlace(1).toFloatArray()).containsExactly(0, 1, 3);
        assertThat(x().mulInPlace(y).toFloatArray()).containsExactly(1, 20, 400);
        assertThat(x().mulInPlace(3).toFloatArray()).containsExactly(3, 6, 12);
        assertThat(x().divInPlace(y).toFloatArray()).containsExactly(1, 0.2f, 0.04f);
        assertThat(x().divInPlace(2).toFloatArray()).containsExactly(0.5f, 1, 2);
        assertThat(x().addcmulInPlace(y, y, 2).toFloatArray()).containsExactly(3, 202, 20004);
        assertThat(x().addcdivInPlace(y, x(), 4).toFloatArray()).containsExactly(5, 22, 104);
        assertThat(x().lerpInPlace(y, 0.5).toFloatArray()).containsExactly(1, 6, 52);
        assertThat(x().sqrtInPlace().square().sub(2).toFloatArray()[0]).isEqualTo(-1);
        assertThat(x().clampInPlace(2, 3).toFloatArray()).containsExactly(2, 2, 3);
        assertThat(x().fillInPlace(7).toFloatArray()).containsExactly(7, 7, 7);
        assertThat(x().zeroInPlace().toFloatArray()).containsExactly(0, 0, 0);
    }

    @Test
    void returnsTheSameTensorAndNoNewOne() {
        Tensor x = x();
        long before = Scope.liveTensors();
        assertThat(x.addInPlace(1).mulInPlace(2)).isSameAs(x);
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }

    @Test
    void copiesAcrossTypesAndBroadcasts() {
        Tensor x = Tensor.zeros(DType.F32, Device.CPU, 2, 3);
        x.copyInPlace(Tensor.arange(3, Device.CPU));
        assertThat(x.toFloatArray()).containsExactly(0, 1, 2, 0, 1, 2);
    }

    @Test
    void integersTakeWholeNumbers() {
        assertThat(Tensor.arange(3, Device.CPU).addInPlace(1).mulInPlace(2).toLongArray())
                .containsExactly(2, 4, 6);
    }
}
