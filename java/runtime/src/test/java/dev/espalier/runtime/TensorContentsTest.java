package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.internal.NativeObjects;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@ScopedTest
class TensorContentsTest {
    @Test
    void makesTensors() {
        assertThat(Tensor.of(new long[] {7, -7}, 2).toLongArray()).containsExactly(7, -7);
        assertThat(Tensor.of(new byte[] {(byte) 200, 1}, 2).toLongArray()).containsExactly(200, 1);
        assertThat(Tensor.of(new float[0], 0, 4).shape()).isEqualTo(Shape.of(0, 4));
        assertThat(Tensor.zeros(DType.F64, Device.CPU, 2).toFloatArray()).containsExactly(0, 0);
        assertThat(Tensor.ones(DType.U8, Device.CPU, 2).toBytes()).containsExactly(1, 1);
        assertThat(Tensor.full(2.5, DType.F16, Device.CPU, 2).toFloatArray()).containsExactly(2.5f, 2.5f);
        assertThat(Tensor.scalar(3).shape()).isEqualTo(Shape.of());
        assertThat(Tensor.arange(3, Device.CPU).toLongArray()).containsExactly(0, 1, 2);
        assertThat(Tensor.randperm(50).toLongArray()).doesNotHaveDuplicates().hasSize(50);
        Tensor uniform = Tensor.rand(Device.CPU, 100);
        assertThat(uniform.ge(0).logicalAnd(uniform.lt(1)).toBytes()).containsOnly(1);
        assertThat(Tensor.randn(Device.CPU, 3, 2).shape()).isEqualTo(Shape.of(3, 2));
    }

    @Test
    void refusesAShapeThatDoesNotHoldTheValues() {
        assertThatThrownBy(() -> Tensor.of(new float[5], 2, 3))
                .isInstanceOf(ShapeException.class)
                .hasMessage("of: shape [2, 3] needs 6 values, got 5");
    }

    @Test
    void bytesAreLittleEndianInRowMajorOrder() {
        Tensor x = Tensor.of(new long[] {1, 256}, 2);
        assertThat(x.toBytes()).containsExactly(1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
        Tensor transposed = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).transpose(0, 1);
        byte[] bytes = transposed.toBytes();
        assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getFloat(4))
                .isEqualTo(3);
        Tensor back = Tensor.zeros(DType.F32, Device.CPU, 2, 2).transpose(0, 1);
        back.setBytes(bytes);
        assertThat(back.toFloatArray()).containsExactly(1, 3, 2, 4);
        assertThatThrownBy(() -> x.setBytes(new byte[3]))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("needs 16 bytes, got 3");
    }

    @Test
    void overwritesALeafThatRequiresAGradient() {
        Tensor leaf = Tensor.zeros(DType.F32, Device.CPU, 2, 2).transpose(0, 1).detach();
        leaf.setRequiresGrad(true);
        leaf.setBytes(Tensor.ones(DType.F32, Device.CPU, 4).toBytes());
        assertThat(leaf.toFloatArray()).containsOnly(1);
    }

    @Test
    void onlyIntegersBecomeLongs() {
        assertThatThrownBy(() -> Tensor.scalar(1).toLongArray())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("F32");
    }

    @Test
    void theBufferSharesTheTensorsMemory() {
        Tensor x = Tensor.zeros(DType.F32, Device.CPU, 2);
        ByteBuffer buffer = x.byteBuffer();
        buffer.putFloat(4, 8);
        assertThat(x.toFloatArray()).containsExactly(0, 8);
        assertThat(buffer.capacity()).isEqualTo(8);
        Tensor strided = Tensor.zeros(DType.F32, Device.CPU, 2, 2).transpose(0, 1);
        assertThatThrownBy(strided::byteBuffer).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void wrapsFromTheBuffersPosition() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putFloat(1).mark();
        Tensor x = Tensor.wrap(buffer, DType.F32, 2);
        buffer.putFloat(4, 5).putFloat(8, 6);
        assertThat(x.toFloatArray()).containsExactly(5, 6);
        x.fillInPlace(2);
        assertThat(buffer.getFloat(8)).isEqualTo(2);
        assertThatThrownBy(() -> Tensor.wrap(buffer, DType.F32, 3))
                .isInstanceOf(ShapeException.class)
                .hasMessage("wrap: F32 [3] needs 12 bytes, got 8");
        assertThatThrownBy(() -> Tensor.wrap(ByteBuffer.allocate(8), DType.F32, 2))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aWrappedBufferLivesAsLongAsAView() {
        List<Tensor> views = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
            for (int j = 0; j < 1 << 14; j++) {
                buffer.putFloat(4 * j, i);
            }
            try (Tensor whole = Tensor.wrap(buffer, DType.F32, 1 << 14)) {
                views.add(whole.narrow(0, 16, 1000));
            }
        }
        System.gc();
        for (int i = 0; i < 50; i++) {
            ByteBuffer.allocateDirect(1 << 16).putLong(0, -1);
        }
        for (int i = 0; i < views.size(); i++) {
            assertThat(views.get(i).toFloatArray()).containsOnly(i);
        }
        assertThat(NativeObjects.wrappedBuffers()).isEqualTo(200);
        views.forEach(Tensor::close);
        assertThat(NativeObjects.wrappedBuffers()).isZero();
    }

    @Test
    void oneBufferMayBeWrappedTwice() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(8).order(ByteOrder.LITTLE_ENDIAN);
        Tensor first = Tensor.wrap(buffer, DType.F32, 2);
        Tensor second = Tensor.wrap(buffer, DType.I64, 1);
        first.fillInPlace(0);
        first.close();
        assertThat(NativeObjects.wrappedBuffers()).isEqualTo(1);
        assertThat(second.item()).isZero();
        second.close();
        assertThat(NativeObjects.wrappedBuffers()).isZero();
    }

    @Test
    void describesItselfWithoutItsElements() {
        Tensor x = Tensor.zeros(DType.F32, Device.CPU, 2, 3);
        assertThat(x).hasToString("tensor F32 [2, 3] on cpu");
        x.close();
        assertThat(x).hasToString("tensor F32 [2, 3], closed");
    }
}
