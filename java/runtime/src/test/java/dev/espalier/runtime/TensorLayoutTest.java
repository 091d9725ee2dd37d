package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

@ScopedTest
class TensorLayoutTest {
    /** 0 to 5 as [2, 3]. */
    private Tensor x() {
        return Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
    }

    @Test
    void changesShapes() {
        assertThat(x().reshape(3, -1).shape()).isEqualTo(Shape.of(3, 2));
        assertThat(x().flatten(0, 1).shape()).isEqualTo(Shape.of(6));
        assertThat(x().unsqueeze(1).shape()).isEqualTo(Shape.of(2, 1, 3));
        assertThat(x().unsqueeze(1).squeeze(1).shape()).isEqualTo(Shape.of(2, 3));
        assertThat(x().select(0, 1).expand(2, 3).toFloatArray()).containsExactly(3, 4, 5, 3, 4, 5);
    }

    @Test
    void movesElements() {
        assertThat(x().transpose(0, 1).toFloatArray()).containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(x().permute(1, 0).toFloatArray()).containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(x().select(0, 1).toFloatArray()).containsExactly(3, 4, 5);
        assertThat(x().narrow(1, 1, 2).toFloatArray()).containsExactly(1, 2, 4, 5);
        assertThat(x().flip(1).toFloatArray()).containsExactly(2, 1, 0, 5, 4, 3);
        assertThat(x().indexSelect(1, Tensor.of(new long[] {2, 0, 2}, 3)).toFloatArray())
                .containsExactly(2, 0, 2, 5, 3, 5);
        assertThat(Tensor.cat(List.of(x(), x()), 1).toFloatArray()).containsExactly(0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5);
        assertThat(Tensor.stack(List.of(x(), x()), 0).shape()).isEqualTo(Shape.of(2, 2, 3));
    }

    @Test
    void viewsShareMemoryAndCopiesDoNot() {
        Tensor x = x();
        Tensor view = x.select(0, 1);
        Tensor copy = x.copy();
        view.fillInPlace(-1);
        assertThat(x.toFloatArray()).containsExactly(0, 1, 2, -1, -1, -1);
        assertThat(copy.toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
    }

    @Test
    void viewsOutliveTheirBase() {
        Tensor x = x();
        Tensor view = x.select(0, 1);
        x.close();
        assertThat(view.toFloatArray()).containsExactly(3, 4, 5);
    }

    @Test
    void knowsBothImageLayouts() {
        Tensor image = Tensor.of(new float[] {0, 1, 2, 3, 4, 5, 6, 7}, 1, 2, 2, 2);
        Tensor last = image.channelsLast();
        assertThat(image.isContiguous()).isTrue();
        assertThat(image.isChannelsLast()).isFalse();
        assertThat(last.isChannelsLast()).isTrue();
        assertThat(last.isContiguous()).isFalse();
        assertThat(last.toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        assertThat(last.contiguous().isContiguous()).isTrue();
    }

    @Test
    void convertsTypes() {
        Tensor x = Tensor.of(new float[] {0, 1.75f, -2.5f}, 3);
        assertThat(x.to(DType.I64).toLongArray()).containsExactly(0, 1, -2);
        for (DType type : DType.values()) {
            Tensor converted = x.abs().to(type);
            assertThat(converted.dtype()).isEqualTo(type);
            assertThat(converted.toBytes()).hasSize(3 * type.bytes());
        }
        assertThat(x.to(DType.BF16).toFloatArray()).containsExactly(0, 1.75f, -2.5f);
        assertThat(x.to(Device.CPU).toFloatArray()).containsExactly(0, 1.75f, -2.5f);
    }

    @Test
    void namesTheInputsOfARefusedJoin() {
        Tensor wide = Tensor.zeros(DType.F32, Device.CPU, 5, 5);
        assertThatThrownBy(() -> Tensor.cat(List.of(x(), wide), 0))
                .isInstanceOf(OperatorException.class)
                .hasMessageStartingWith("cat: ")
                .hasMessageContaining("input 1 [5, 5]");
    }
}
