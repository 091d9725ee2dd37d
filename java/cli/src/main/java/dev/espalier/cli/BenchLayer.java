package dev.espalier.cli;

import dev.espalier.op.Conv;
import dev.espalier.op.Window;
import dev.espalier.runtime.Shape;
import java.util.ArrayList;
import java.util.List;

/** A convolution of a well-known network: c channels of size x size pixels to k channels, square kernel, stride 1, padded. */
record BenchLayer(String network, long c, long k, long size, long kernel) {
    /** The layers that dominate the networks people prune. */
    static final List<BenchLayer> ALL = all();

    private static List<BenchLayer> all() {
        List<BenchLayer> layers = new ArrayList<>();
        square(layers, "resnet20-cifar", new long[][] {{16, 32}, {32, 16}, {64, 8}});
        square(layers, "resnet18-cifar", new long[][] {{64, 32}, {128, 16}, {256, 8}, {512, 4}});
        square(layers, "resnet18", new long[][] {{64, 56}, {128, 28}, {256, 14}, {512, 7}});
        square(layers, "vgg16", new long[][] {{64, 224}, {128, 112}, {256, 56}, {512, 28}});
        pointwise(layers, "resnet50", new long[][] {
            {64, 256, 56}, {256, 64, 56}, {128, 512, 28}, {512, 128, 28}, {1024, 256, 14}, {2048, 512, 7}
        });
        pointwise(layers, "mobilenetv2", new long[][] {
            {96, 24, 56}, {144, 32, 28}, {384, 64, 14}, {576, 96, 14}, {160, 960, 7}, {960, 320, 7}
        });
        return List.copyOf(layers);
    }

    private static void square(List<BenchLayer> layers, String network, long[][] sizes) {
        for (long[] s : sizes) {
            layers.add(new BenchLayer(network, s[0], s[0], s[1], 3));
        }
    }

    private static void pointwise(List<BenchLayer> layers, String network, long[][] sizes) {
        for (long[] s : sizes) {
            layers.add(new BenchLayer(network, s[0], s[1], s[2], 1));
        }
    }

    String label() {
        return network + " " + c + "->" + k + " " + size + "x" + size + " " + kernel + "x" + kernel;
    }

    Conv conv() {
        return new Conv(Window.square(kernel, 1, kernel / 2), 1);
    }

    Shape image() {
        return Shape.of(c, size, size);
    }

    Shape weight() {
        return Shape.of(k, c, kernel, kernel);
    }

    /** Floating-point operations of so many kept weights on so many images. */
    double operations(double kept, long batch) {
        return 2.0 * kept * batch * size * size;
    }

    /** Bytes that must move at least: input and output once, and the packed weights. */
    double bytes(double kept, long batch) {
        return 4.0 * batch * (c + k) * size * size + 8 * kept;
    }

    /** Bytes that timing all kernels on so many images takes at its peak: inputs and outputs in several layouts, with gradients. */
    long memory(long batch) {
        return 8 * 4 * batch * (c + k) * size * size;
    }
}
