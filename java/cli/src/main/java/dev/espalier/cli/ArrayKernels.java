package dev.espalier.cli;

import dev.espalier.runtime.Backend;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** The kernels that pass over whole arrays, beside libtorch's way to the same result. */
record ArrayKernels(long weights, Roofline roofline, double seconds) {
    private static final long ROW = 1000;
    private static final double SPARSITY = 0.9;

    /** A kernel by the begin of its name, the bytes per weight that it must move, and what it is compared with. */
    private record Work(String kernel, double bytes, String baseline) {}

    List<KernelRow> run() {
        Rng.seed(2);
        try (Scope scope = Scope.open()) {
            Kernels kernels = Kernels.on(Device.CPU);
            Tensor weight = Tensor.randn(Device.CPU, weights / ROW, ROW);
            Tensor gradient = Tensor.randn(Device.CPU, weights / ROW, ROW);
            Tensor scores = weight.abs();
            long removed = Math.round(SPARSITY * weights);
            BitMask mask = kernels.masks(List.of(scores), removed).get(0);
            Tensor kept = mask.unpack();
            Tensor keptFloats = kept.to(DType.F32);
            Tensor target = weight.copy();
            Tensor rows = Tensor.arange(weights / ROW / 2, Device.CPU).mul(2);
            KernelRace race = new KernelRace();
            List<Work> works = List.of(
                    new Work("score_element_f32_", 12, "libtorch |w * g|"),
                    new Work("select_element_f32_", 4, "libtorch copy"),
                    new Work("mask_apply_f32_", 8, "libtorch w *= m"),
                    new Work("mask_pack_u8_", 1, "libtorch w != 0"),
                    new Work("gather_bytes_", 4, "libtorch index_select"));
            race.add("score_element_f32_", () -> {
                kernels.score(Kernels.Importance.TAYLOR, List.of(weight), List.of(gradient));
            });
            race.add("libtorch |w * g|", () -> weight.mul(gradient).abs());
            race.add("select_element_f32_", () -> kernels.select(List.of(scores), removed));
            race.add("libtorch copy", scores::copy);
            race.add("mask_apply_f32_", () -> kernels.apply(List.of(target), List.of(mask)));
            race.add("libtorch w *= m", () -> target.mulInPlace(keptFloats));
            race.add("mask_pack_u8_", () -> BitMask.pack(kept));
            race.add("libtorch w != 0", () -> weight.ne(0));
            race.add("gather_bytes_", () -> kernels.gather(List.of(new Kernels.Removal(weight, 0, rows, -1, null))));
            race.add("libtorch index_select", () -> weight.indexSelect(0, rows));
            KernelRace.Medians millis = race.run(seconds);
            return works.stream()
                    .map(work -> KernelRow.of(
                            weights + " weights",
                            0,
                            SPARSITY,
                            registered(work.kernel()),
                            millis.of(work.kernel()),
                            work.baseline(),
                            millis.of(work.baseline()),
                            roofline.millis(0, work.bytes() * weights)))
                    .toList();
        }
    }

    /** The name of this kernel in the fastest backend of this machine. */
    private static String registered(String prefix) {
        return Stream.of(Backend.AVX512, Backend.AVX2, Backend.REFERENCE)
                .filter(Backend::available)
                .flatMap(backend -> backend.kernels().stream())
                .filter(name -> name.startsWith(prefix))
                .findFirst()
                .orElseThrow();
    }
}
