package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TensorArithmeticTest {
    private Scope scope = Scope.owner("unused");

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        assertThat(Scope.liveTensors()).as(Scope.leakReport()).isZero();
    }

    @Test
    void addsTensorsAndNumbers() {
        Tensor a = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        Tensor b = Tensor.of(new float[] {10, 20}, 2);
        assertThat(a.add(b).toFloatArray()).containsExactly(11, 22, 13, 24);
        assertThat(a.sub(b).toFloatArray()).containsExactly(-9, -18, -7, -16);
        assertThat(a.mul(2).add(0.5).toFloatArray()).containsExactly(2.5f, 4.5f, 6.5f, 8.5f);
        assertThat(b.div(4).toFloatArray()).containsExactly(2.5f, 5f);
    }

    @Test
    void refusesShapesThatDoNotMatchInOneLine() {
        Tensor a = Tensor.zeros(DType.F32, Device.CPU, 2, 3);
        Tensor b = Tensor.zeros(DType.F32, Device.CPU, 4, 5);
        assertThatThrownBy(() -> a.matmul(b)).isInstanceOfSatisfying(OperatorException.class, e -> {
            assertThat(e).hasMessageStartingWith("matmul: ").hasMessageEndingWith("(input [2, 3], other [4, 5])");
            assertThat(e.getMessage()).doesNotContain("\n");
            assertThat(e.nativeTrace()).contains("\n");
            assertThat(e.at("fc1")).hasMessageStartingWith("fc1: matmul: ");
        });
    }
}
