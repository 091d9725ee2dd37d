package dev.espalier.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A session on a CUDA device against the plain graph on the CPU. */
@Tag("gpu")
@NoLeaks
class CudaSessionTest {
    private static final Device GPU = Device.cuda(0);
    private static final Shape IMAGE = Shape.of(16, 14, 12);

    @Test
    void fusedConvolutionsAgreeWithTheCpu() {
        Rng.seed(2);
        try (Model plain =
                        ModelBuilder.of("plain", IMAGE).conv(24, 3, 2, 1).relu().build(3);
                Model residual = ModelBuilder.of("residual", IMAGE)
                        .residual(branch -> branch.conv(16, 3, 1, 1), shortcut -> {})
                        .relu()
                        .build(3);
                Scope scope = Scope.open()) {
            for (Model model : List.of(plain, residual)) {
                try (Session session = Session.of(model, GPU, 4)) {
                    assertThat(session.plan().instructions()).hasSize(1);
                    assertThat(session.plan().toString()).contains("(Conv+Relu)", "Relu fused in");
                    agrees(session, model);
                }
            }
        }
    }

    /** cuDNN may cut both factors of a product to the 10 bits of TF32, and sums in single precision. */
    private static void agrees(Session session, Model model) {
        for (long n : new long[] {1, 4, 5}) {
            Tensor x = Tensor.randn(Device.CPU, n, IMAGE.dim(0), IMAGE.dim(1), IMAGE.dim(2));
            Map<String, Tensor> absolute = new HashMap<>();
            model.weights().asMap().forEach((name, t) -> absolute.put(name, t.abs()));
            Tensor magnitude = plain(model, absolute, x.abs());
            Tensor allowed = magnitude.mul(0x1p-9 + 0x1p-20 + (16 * 9 + 10) * 0x1p-22);
            Tensor actual = session.run(x.to(GPU)).to(Device.CPU);
            Tensor wanted = plain(model, model.weights().asMap(), x);
            assertThat(actual.sub(wanted).abs().sub(allowed).max().item()).isLessThanOrEqualTo(0);
        }
    }

    private static Tensor plain(Model model, Map<String, Tensor> weights, Tensor x) {
        return Execution.run(model.graph(), weights, Map.of("input", x), Evaluation.INFERENCE)
                .values()
                .iterator()
                .next();
    }

    @Test
    void deterministicSessionsFuseNothingAndTimeNothing() {
        Determinism.enable(true);
        try (Model model = ModelBuilder.of("plain", IMAGE).conv(4, 3).relu().build(3);
                Session session = Session.of(model, GPU)) {
            assertThat(session.plan().instructions()).hasSize(2);
            assertThat(Determinism.allowsTiming()).isFalse();
        } finally {
            Determinism.enable(false);
        }
    }
}
