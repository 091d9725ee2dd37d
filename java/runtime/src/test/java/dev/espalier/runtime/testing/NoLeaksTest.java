package dev.espalier.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

class NoLeaksTest {
    private static final Scope FORGOTTEN = Scope.owner("forgotten");

    /** Run by the test below only. */
    @NoLeaks
    static class Subject {
        @Test
        void tidy() {
            try (Scope scope = Scope.open()) {
                Tensor.zeros(DType.F32, Device.CPU, 3);
            }
        }

        @Test
        void leaky() {
            try (Scope scope = Scope.open()) {
                FORGOTTEN.adopt(Tensor.zeros(DType.F32, Device.CPU, 3));
            }
        }
    }

    @Test
    void failsTheTestThatLeaksAndSaysWhere() {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(Subject.class))
                .build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, listener);
        FORGOTTEN.close();
        TestExecutionSummary summary = listener.getSummary();
        assertThat(summary.getTestsSucceededCount()).isEqualTo(1);
        assertThat(summary.getFailures()).hasSize(1).first().satisfies(failure -> {
            assertThat(failure.getTestIdentifier().getDisplayName()).isEqualTo("leaky()");
            assertThat(failure.getException())
                    .hasMessageContaining("scope 'forgotten' holds 1 tensors")
                    .hasMessageContaining("NoLeaksTest$Subject.leaky");
        });
    }
}
