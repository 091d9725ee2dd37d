package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DeviceTest {
    @Test
    void readsNames() {
        assertThat(Device.parse("CPU")).isEqualTo(Device.CPU);
        assertThat(Device.parse("cuda")).isEqualTo(Device.cuda(0));
        assertThat(Device.parse("cuda:2")).isEqualTo(Device.cuda(2)).hasToString("cuda:2");
        assertThat(Device.parse("auto").available()).isTrue();
        assertThatThrownBy(() -> Device.parse("gpu"))
                .isInstanceOf(EspalierException.class)
                .hasMessage("device 'gpu': expected auto, cpu, cuda or cuda:N");
    }

    @Test
    void listsTheCpuFirst() {
        assertThat(Device.all()).first().isEqualTo(Device.CPU);
        assertThat(Device.all()).allMatch(Device::available);
        assertThat(Device.cuda(999).available()).isFalse();
        assertThat(Device.cuda(0).available()).isEqualTo(Versions.cudaCause().isEmpty());
    }

    @Test
    void aDeviceThatIsNotHereIsRefusedByName() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.scalar(1);
            Device far = Device.cuda(999);
            assertThatThrownBy(() -> x.to(far))
                    .isInstanceOf(EspalierException.class)
                    .hasMessageStartingWith("device cuda:999 is not available: ");
            assertThatThrownBy(() -> Tensor.randn(far, 3)).hasMessageStartingWith("device cuda:999 is not available: ");
        }
    }
}
