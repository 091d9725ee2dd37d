package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void isAValue() {
        long[] dims = {1, 3, 32, 32};
        Shape shape = Shape.of(dims);
        dims[0] = 9;
        shape.toArray()[0] = 9;
        assertThat(shape).isEqualTo(Shape.of(1, 3, 32, 32)).hasSameHashCodeAs(Shape.of(1, 3, 32, 32));
        assertThat(shape).hasToString("[1, 3, 32, 32]").isNotEqualTo(Shape.of(1, 3, 32));
        assertThat(shape.rank()).isEqualTo(4);
        assertThat(shape.dim(-1)).isEqualTo(32);
        assertThat(shape.numel()).isEqualTo(3072);
        assertThat(Shape.of().numel()).isEqualTo(1);
    }

    @Test
    void anUnknownExtentHasNoCount() {
        Shape shape = Shape.of(-1, 3);
        assertThat(shape.isKnown()).isFalse();
        assertThatThrownBy(shape::numel).isInstanceOf(ShapeException.class).hasMessageContaining("[-1, 3]");
    }

    @Test
    void refusesWhatIsNoShape() {
        assertThatThrownBy(() -> Shape.of(2, -2)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> Shape.of(2).dim(1)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> Shape.of(1L << 40, 1L << 40).numel()).isInstanceOf(ShapeException.class);
    }

    @Test
    void aMultipleOfTheOpenExtentIsOpenToo() {
        Shape shape = Shape.withMultiple(-4, 3);
        assertThat(shape.dim(0)).isEqualTo(-4);
        assertThat(shape.isKnown()).isFalse();
        assertThat(shape).isNotEqualTo(Shape.of(-1, 3));
        assertThat(Shape.withMultiple(2, 3)).isEqualTo(Shape.of(2, 3));
        assertThatThrownBy(shape::numel).isInstanceOf(ShapeException.class).hasMessageContaining("[-4, 3]");
    }
}
