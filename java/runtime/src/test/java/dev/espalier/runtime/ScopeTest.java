package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

@NoLeaks
class ScopeTest {
    private static Tensor tensor() {
        return Tensor.zeros(DType.F32, Device.CPU, 256);
    }

    @Test
    void closesItsTensors() {
        Tensor x;
        long before = Scope.liveTensors();
        try (Scope scope = Scope.open()) {
            x = tensor();
            assertThat(Scope.liveTensors()).isEqualTo(before + 1);
            assertThat(Scope.liveBytes()).isGreaterThanOrEqualTo(1024);
        }
        assertThat(x.isClosed()).isTrue();
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }

    @Test
    void refusesTensorsWithoutAScope() {
        assertThatThrownBy(ScopeTest::tensor)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no scope is open on thread");
    }

    @Test
    void keepsTensorsForTheEnclosingScope() {
        try (Scope outer = Scope.open()) {
            Tensor a;
            List<Tensor> b;
            Map<String, Tensor> c;
            Tensor lost;
            try (Scope inner = Scope.open()) {
                a = inner.keep(tensor());
                b = inner.keep(List.of(tensor(), tensor()));
                c = inner.keep(Map.of("c", tensor()));
                lost = tensor();
            }
            assertThat(List.of(a, b.get(0), b.get(1), c.get("c"))).noneMatch(Tensor::isClosed);
            assertThat(lost.isClosed()).isTrue();
        }
    }

    @Test
    void keepLeavesTensorsOfOtherScopes() {
        try (Scope outer = Scope.open()) {
            Tensor x = tensor();
            try (Scope middle = Scope.open();
                    Scope inner = Scope.open()) {
                inner.keep(x);
            }
            assertThat(x.isClosed()).isFalse();
        }
    }

    @Test
    void keepNeedsAnEnclosingScopeAndTensors() {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> scope.keep(tensor()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no enclosing scope");
            try (Scope inner = Scope.open()) {
                assertThatThrownBy(() -> inner.keep("text")).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void anOwnerHoldsTensorsBeyondTheStep() {
        Scope owner = Scope.owner("weights");
        Tensor x;
        try (Scope step = Scope.open()) {
            x = owner.adopt(tensor());
            assertThat(owner.adopt(x)).isSameAs(x);
        }
        assertThat(x.toFloatArray()).hasSize(256);
        assertThat(Scope.leakReport()).contains("scope 'weights' holds 1 tensors", "tensor F32 [256]");
        owner.close();
        owner.close();
        assertThat(x.isClosed()).isTrue();
        assertThatThrownBy(() -> owner.adopt(x)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aClosedOwnerAdoptsNothing() {
        Scope owner = Scope.owner("closed");
        owner.close();
        try (Scope scope = Scope.open()) {
            Tensor x = tensor();
            assertThatThrownBy(() -> owner.adopt(x)).hasMessage("scope 'closed' is closed");
            assertThat(x.isClosed()).isFalse();
        }
    }

    @Test
    void mustBeClosedInnermostFirst() {
        Scope outer = Scope.open();
        Scope inner = Scope.open();
        assertThatThrownBy(outer::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("after the scopes that were opened inside it");
        inner.close();
        outer.close();
        outer.close();
    }

    @Test
    void mustBeClosedByItsThread() {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> CompletableFuture.runAsync(scope::close).join())
                    .hasRootCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("must be closed by the thread that opened it");
        }
    }

    @Test
    void otherThreadsHaveScopesOfTheirOwn() {
        try (Scope scope = Scope.open()) {
            Tensor x = tensor();
            Scope results = Scope.owner("results");
            Tensor y = CompletableFuture.supplyAsync(() -> {
                        try (Scope worker = Scope.open()) {
                            return results.adopt(x.add(1));
                        }
                    })
                    .join();
            assertThat(y.toFloatArray()).containsOnly(1);
            results.close();
        }
    }

    @Test
    void useAfterCloseNamesTheTensorAndItsRole() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.zeros(DType.F32, Device.CPU, 2, 3);
            Tensor y = tensor();
            assertThat(x.shape()).isEqualTo(Shape.of(2, 3));
            x.close();
            x.close();
            assertThatThrownBy(() -> y.add(x))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("add: other (tensor [2, 3]) is closed");
            assertThatThrownBy(x::dtype)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("dtype: tensor [2, 3] is closed");
            assertThatThrownBy(() -> scope.keep(x)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void closesTensorsInAnyOrder() {
        try (Scope scope = Scope.open()) {
            Tensor a = tensor();
            Tensor b = tensor();
            Tensor c = tensor();
            b.close();
            c.close();
            Tensor d = tensor();
            a.close();
            assertThat(d.isClosed()).isFalse();
            assertThat(Scope.liveTensors()).isEqualTo(1);
        }
    }

    @Test
    void sharedMemoryCountsOnce() {
        try (Scope scope = Scope.open()) {
            long before = Scope.liveBytes();
            Tensor x = tensor();
            x.reshape(16, 16);
            x.select(0, 0);
            assertThat(Scope.liveBytes() - before).isEqualTo(1024);
        }
    }

    @Test
    void theReportShowsWhereATensorWasMade() {
        try (Scope scope = Scope.open()) {
            tensor();
            assertThat(Scope.leakReport()).contains("allocated here", "ScopeTest.tensor(ScopeTest.java");
        }
        assertThat(Scope.leakReport()).isEmpty();
    }

    @Test
    void tensorsWithoutElementsHaveNoMemory() {
        try (Scope scope = Scope.open()) {
            long before = Scope.liveBytes();
            Tensor.empty(DType.F32, Device.CPU, 0);
            assertThat(Scope.liveBytes()).isEqualTo(before);
        }
    }

    /** A step that gives nothing back needs no scope for it. */
    @Test
    void weightsMoveWithoutAScope() {
        try (Scope owner = Scope.owner("weights")) {
            Tensor weight;
            Tensor gradient;
            try (Scope scope = Scope.open()) {
                weight = owner.adopt(Tensor.of(new float[] {1, 2}, 2));
                gradient = owner.adopt(Tensor.of(new float[] {2, 4}, 2));
            }
            UpdateRule.Parameter parameter = new UpdateRule.Parameter(weight, gradient, List.of(), null, 0);
            Kernels.on(Device.CPU).update(new UpdateRule.Sgd(0.5, 0, false), List.of(parameter), 1);
            assertThat(weight.toFloatArray()).containsExactly(0, 0);
        }
    }

    /** What CUDA cannot go on from ends the process; a full memory does not. */
    @Test
    void onlyStickyErrorsLoseTheDevice() {
        for (String sticky : List.of("an illegal memory access was encountered", "device-side assert triggered")) {
            assertThatThrownBy(() -> failing("CUDA error: " + sticky)).isInstanceOf(DeviceLostException.class);
        }
        for (String other :
                List.of("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate", "invalid configuration argument")) {
            assertThatThrownBy(() -> failing("CUDA error: " + other)).isInstanceOf(OperatorException.class);
        }
    }

    private static void failing(String message) {
        Operator.evaluate("matmul(input)", () -> {
            throw new RuntimeException(message);
        });
    }
}
