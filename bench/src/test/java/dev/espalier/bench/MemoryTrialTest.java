package dev.espalier.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import org.junit.jupiter.api.Test;

@NoLeaks
class MemoryTrialTest {
    @Test
    void everySampleSeesTheSameTensors() {
        Threads.configure(1);
        List<MemoryTrial.Sample> samples = MemoryTrial.run(1000, 10);
        assertThat(samples).hasSize(10);
        assertThat(samples)
                .extracting(MemoryTrial.Sample::liveTensors)
                .containsOnly(samples.get(0).liveTensors());
        assertThat(samples)
                .allSatisfy(sample -> assertThat(sample.residentBytes()).isPositive());
    }
}
