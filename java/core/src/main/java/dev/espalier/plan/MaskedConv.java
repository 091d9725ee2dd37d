package dev.espalier.plan;

import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Backend;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Epilogue;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.PackedConv2d;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A convolution by its nonzero weights alone, packed once for one input shape. */
final class MaskedConv implements NodeKernel {
    private final Kernels kernels;
    private final PackedConv2d packed;

    private MaskedConv(Kernels kernels, PackedConv2d packed) {
        this.kernels = kernels;
        this.packed = packed;
    }

    /** Packs the nonzero weights; the packed form belongs to the open scope. */
    static MaskedConv pack(Conv conv, Tensor weight, TensorType input) {
        Shape image = Planner.image(input);
        ConvolutionWindow placed = conv.over(image, weight.shape());
        Kernels kernels = Kernels.on(Device.CPU);
        Tensor dense = weight.contiguous();
        return new MaskedConv(kernels, kernels.packConv2d(dense, BitMask.pack(dense.ne(0)), image, placed));
    }

    List<Tensor> tensors() {
        return packed.tensors();
    }

    /** The kernel of the fastest backend that this machine has. */
    String kernelName() {
        return Stream.of(Backend.AVX512, Backend.AVX2, Backend.REFERENCE)
                .filter(Backend::available)
                .flatMap(backend -> backend.kernels().stream())
                .filter(name -> name.startsWith("conv2d_element"))
                .findFirst()
                .orElse("conv2d_element");
    }

    /** The kernel works with channels first; the plan's other operators expect channels last. */
    @Override
    public List<Tensor> evaluate(Evaluation evaluation, List<@Nullable Tensor> in) {
        Tensor bias = in.size() > 2 ? in.get(2) : null;
        return List.of(kernels.conv2d(packed, in.get(0), Epilogue.bias(bias)).channelsLast());
    }
}
