package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import org.junit.jupiter.api.Test;

@ScopedTest
class GradientTest {
    private Tensor leaf(float... values) {
        return Tensor.of(values, values.length).setRequiresGrad(true);
    }

    private static float[] gradient(Tensor x) {
        return Objects.requireNonNull(x.grad()).toFloatArray();
    }

    @Test
    void backwardAddsUp() {
        Tensor x = leaf(1, 2, 3);
        assertThat(x.grad()).isNull();
        x.square().sum().backward();
        assertThat(gradient(x)).containsExactly(2, 4, 6);
        x.square().sum().backward();
        assertThat(gradient(x)).containsExactly(4, 8, 12);
        x.clearGrad();
        assertThat(x.grad()).isNull();
    }

    @Test
    void backwardTakesAGradient() {
        Tensor x = leaf(1, 2, 3);
        x.square().backward(Tensor.of(new float[] {1, 10, 100}, 3));
        assertThat(gradient(x)).containsExactly(2, 40, 600);
    }

    @Test
    void gradientsComputedElsewhereAddUp() {
        Tensor x = leaf(1, 2);
        x.addGradient(Tensor.of(new float[] {10, 20}, 2));
        assertThat(gradient(x)).containsExactly(10, 20);
        x.square().sum().backward();
        x.addGradient(Tensor.of(new float[] {100, 200}, 2));
        assertThat(gradient(x)).containsExactly(112, 224);
        assertThatThrownBy(() -> x.addGradient(leaf(1)))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("addGradient: expected a gradient like");
    }

    @Test
    void intermediatesMayBeClosedBeforeBackward() {
        Tensor x = leaf(1, 2);
        Tensor loss;
        try (Scope inner = Scope.open()) {
            loss = inner.keep(x.mul(x).mul(3).sum());
        }
        loss.backward();
        assertThat(gradient(x)).containsExactly(6, 12);
    }

    @Test
    void theGradientIsShared() {
        Tensor x = leaf(1, 2);
        x.sum().backward();
        Objects.requireNonNull(x.grad()).mulInPlace(5);
        assertThat(gradient(x)).containsExactly(5, 5);
    }

    @Test
    void nothingIsRecordedWhileDisabled() {
        Tensor x = leaf(1, 2);
        try (Grad off = Grad.disabled()) {
            assertThat(Grad.isEnabled()).isFalse();
            try (Grad inner = Grad.disabled()) {
                assertThat(x.mul(2).requiresGrad()).isFalse();
            }
            assertThat(Grad.isEnabled()).isFalse();
            x.subInPlace(Tensor.of(new float[] {1, 1}, 2));
        }
        assertThat(Grad.isEnabled()).isTrue();
        assertThat(x.toFloatArray()).containsExactly(0, 1);
        assertThat(x.mul(2).requiresGrad()).isTrue();
        assertThat(x.detach().requiresGrad()).isFalse();
    }

    @Test
    void refusesBackwardWithoutARecord() {
        Tensor x = Tensor.of(new float[] {1}, 1);
        assertThatThrownBy(() -> x.sum().backward())
                .isInstanceOf(OperatorException.class)
                .hasMessageStartingWith("backward: ");
    }
}
