package dev.espalier.runtime.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PhysicalCoresTest {
    @Test
    void hardwareThreadsOfOneCoreCountOnce() {
        List<String> twoSocketsOfTwoCores = List.of(
                "processor : 0",
                "physical id : 0",
                "core id : 0",
                "processor : 1",
                "physical id : 0",
                "core id : 1",
                "processor : 2",
                "physical id : 1",
                "core id : 0",
                "processor : 3",
                "physical id : 1",
                "core id : 1",
                "processor : 4",
                "physical id : 0",
                "core id : 0",
                "processor : 5",
                "physical id : 1",
                "core id : 1");
        assertThat(PhysicalCores.parse(twoSocketsOfTwoCores)).isEqualTo(4);
        assertThat(PhysicalCores.parse(List.of("processor : 0"))).isZero();
        assertThat(PhysicalCores.count()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }

    @Test
    void theEnvironmentDecidesIfItNamesOneNumber() {
        assertThat(PhysicalCores.threads("3")).isEqualTo(3);
        assertThat(PhysicalCores.threads("4,2")).isEqualTo(PhysicalCores.count());
        assertThat(PhysicalCores.threads("0")).isEqualTo(PhysicalCores.count());
        assertThat(PhysicalCores.threads(null)).isEqualTo(PhysicalCores.count());
    }
}
