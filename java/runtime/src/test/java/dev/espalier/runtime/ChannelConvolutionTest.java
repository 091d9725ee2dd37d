package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The convolution that skips channels against libtorch's convolution by weights that were zeroed. */
@ScopedTest
class ChannelConvolutionTest {
    private static final long[] ONE = {1, 1};

    record Case(Shape image, Shape weight, ConvolutionWindow window) {
        Tensor run(Tensor x, Tensor weight) {
            return Nn.conv2d(x, weight, null, window);
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(
                        Shape.of(9, 7, 9),
                        Shape.of(37, 9, 3, 3),
                        ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1)),
                new Case(
                        Shape.of(8, 8, 8),
                        Shape.of(6, 4, 3, 3),
                        ConvolutionWindow.of(new long[] {2, 1}, new long[] {0, 2, 1, 0}, ONE, 2)),
                new Case(
                        Shape.of(40, 5, 7),
                        Shape.of(5, 40, 3, 1),
                        ConvolutionWindow.of(ONE, new long[4], new long[] {2, 1}, 1)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithLibtorch(Case size) {
        agrees(Kernels.of(Backend.REFERENCE), Device.CPU, size);
    }

    /** With lists on both sides, on one and on none, on a device. */
    static void agrees(Kernels kernels, Device device, Case size) {
        Rng.seed(4);
        Tensor inputs = Tensor.rand(Device.CPU, size.image().dim(0)).lt(0.6);
        Tensor outputs = Tensor.rand(Device.CPU, size.weight().dim(0)).lt(0.6);
        ChannelList liveInputs = kernels.channelList(BitMask.pack(inputs.to(device)));
        ChannelList liveOutputs = kernels.channelList(BitMask.pack(outputs.to(device)));
        assertThat(liveInputs.live()).hasSize((int) inputs.to(DType.F32).sum().item());
        check(kernels, device, size, new LiveChannels(liveInputs, liveOutputs), inputs, outputs);
        check(kernels, device, size, new LiveChannels(null, liveOutputs), null, outputs);
        check(kernels, device, size, LiveChannels.ALL, null, null);
    }

    private static void check(
            Kernels kernels,
            Device device,
            Case size,
            LiveChannels live,
            @Nullable Tensor inputs,
            @Nullable Tensor outputs) {
        Tensor weight = Tensor.randn(Device.CPU, size.weight().toArray());
        Tensor bias = Tensor.randn(Device.CPU, weight.size(0));
        Tensor x = Tensor.randn(
                Device.CPU,
                2,
                size.image().dim(0),
                size.image().dim(1),
                size.image().dim(2));
        Tensor kept = inputs == null ? x : x.mul(inputs.to(DType.F32).reshape(1, -1, 1, 1));
        Tensor masked =
                outputs == null ? weight : weight.mul(outputs.to(DType.F32).reshape(-1, 1, 1, 1));
        Tensor sum = size.run(kept, masked);
        Tensor residual = Tensor.randn(Device.CPU, sum.shape().toArray());
        Tensor each = bias.reshape(1, -1, 1, 1);
        Tensor wanted = Nn.relu(sum.add(each).add(residual));
        Tensor magnitude = size.run(kept.abs(), masked.abs()).add(each.abs()).add(residual.abs());
        Tensor foul = inputs == null
                ? x
                : kept.add(
                        inputs.logicalNot().to(DType.F32).reshape(1, -1, 1, 1).mul(1e30));
        Tensor actual = kernels.conv2d(
                foul.to(device),
                weight.to(device),
                live,
                size.window(),
                new Epilogue(bias.to(device), residual.to(device), Epilogue.Activation.RELU));
        // Both sides sum so many products in single precision: the error bound of a sum of magnitudes.
        long terms = weight.numel() / weight.size(0) + 2;
        double excess = actual.to(Device.CPU)
                .sub(wanted)
                .abs()
                .sub(magnitude.mul(2 * (terms + 8) * 0x1p-24))
                .max()
                .item();
        assertThat(excess).isLessThanOrEqualTo(0);
    }

    @Test
    void listsWhatAMaskKeeps() {
        Kernels kernels = Kernels.of(Backend.REFERENCE);
        ChannelList list = kernels.channelList(BitMask.pack(Tensor.of(new byte[] {0, 1, 1, 0, 0, 1}, 6)));
        assertThat(list.channels()).isEqualTo(6);
        assertThat(list.live()).containsExactly(1, 2, 5);
        assertThat(kernels.channelList(BitMask.pack(Tensor.zeros(DType.BOOL, Device.CPU, 3)))
                        .live())
                .isEmpty();
    }

    @Test
    void refusesByName() {
        Kernels reference = Kernels.of(Backend.REFERENCE);
        ConvolutionWindow window = ConvolutionWindow.of(ONE, new long[4], ONE, 1);
        Tensor weight = Tensor.randn(Device.CPU, 4, 2, 3, 3);
        Tensor x = Tensor.randn(Device.CPU, 1, 2, 6, 6);
        ChannelList three = reference.channelList(BitMask.pack(Tensor.ones(DType.BOOL, Device.CPU, 3)));
        refused(
                () -> reference.conv2d(x, weight, new LiveChannels(three, null), window, Epilogue.NONE),
                "expected a list of 2 input channels, got 3");
        refused(
                () -> reference.conv2d(x, weight, new LiveChannels(null, three), window, Epilogue.NONE),
                "expected a list of 4 output channels, got 3");
        refused(
                () -> reference.conv2d(x.flatten(2, 3), weight, LiveChannels.ALL, window, Epilogue.NONE),
                "expected images [n, c, h, w], got [1, 2, 36]");
        refused(
                () -> Kernels.on(Device.CPU).conv2d(x, weight, LiveChannels.ALL, window, Epilogue.NONE),
                "expected a kernel for conv2d_channels, got none in backend");
        refused(
                () -> Kernels.on(Device.CPU).channelList(BitMask.pack(Tensor.ones(DType.BOOL, Device.CPU, 3))),
                "expected a kernel for channel_list, got none in backend");
        refused(
                () -> reference.channelList(BitMask.pack(x.gt(0))),
                "expected a mask over [channels], got [1, 2, 6, 6]");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(KernelException.class).hasMessageContaining(message);
    }
}
