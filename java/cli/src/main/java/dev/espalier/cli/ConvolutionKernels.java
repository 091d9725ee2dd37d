package dev.espalier.cli;

import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.plan.MaskedConv;
import dev.espalier.plan.Session;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Epilogue;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Image16;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.PackedConv2d;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The masked convolutions on one layer, beside oneDNN through libtorch at the better of both layouts. The kernels are timed on
 * the layout they compute in; "chosen" is what a session planned for the layer runs, from and to channels last, against the same
 * graph by libtorch.
 */
record ConvolutionKernels(BenchLayer layer, int batch, Roofline roofline, double seconds) {
    private static final String FORWARD = "oneDNN";
    private static final String TRAINING = "oneDNN forward and gradients";
    private static final String WEIGHT = "conv1.weight";

    List<KernelRow> run(double[] sparsities) {
        List<KernelRow> rows = new ArrayList<>();
        Rng.seed(1);
        try (Scope scope = Scope.open()) {
            Shape image = layer.image();
            Tensor x = Tensor.randn(Device.CPU, batch, image.dim(0), image.dim(1), image.dim(2));
            Tensor weight = Tensor.randn(Device.CPU, layer.weight().toArray());
            for (double sparsity : sparsities) {
                try (Scope inner = Scope.open()) {
                    rows.addAll(race(x, weight, sparsity));
                }
            }
        }
        return rows;
    }

    private record Contestant(String kernel, String baseline, double kept, double passes) {}

    private List<KernelRow> race(Tensor x, Tensor weight, double sparsity) {
        KernelRace race = new KernelRace();
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        ConvolutionWindow window = layer.conv().over(layer.image(), layer.weight());
        Kernels kernels = Kernels.on(Device.CPU);
        Tensor kept = Tensor.rand(Device.CPU, layer.weight().toArray()).ge(sparsity);
        Tensor masked = weight.mul(kept.to(DType.F32));
        BitMask mask = BitMask.pack(kept);
        double nonzeros = mask.kept();
        Tensor last = x.channelsLast();
        Tensor maskedLast = masked.channelsLast();
        race.add("nchw", quiet(() -> dense(x, masked, window)));
        race.add("nhwc", quiet(() -> dense(last, maskedLast, window)));

        PackedConv2d element = kernels.packConv2d(masked, mask, layer.image(), window);
        add(race, contestants, new Contestant(MaskedConv.Kind.ELEMENT.kernelName(), FORWARD, nonzeros, 1), () -> {
            kernels.conv2d(element, x, Epilogue.NONE);
        });
        Tensor vectors = Tensor.rand(
                        Device.CPU, Kernels.vectorMask(layer.weight(), 1).toArray())
                .ge(sparsity);
        PackedConv2d vector = kernels.packVectorConv2d(weight, BitMask.pack(vectors), layer.image(), window);
        double vectorWeights = (double) vector.kept() / vectors.numel() * weight.numel();
        add(race, contestants, new Contestant(MaskedConv.Kind.VECTOR16.kernelName(), FORWARD, vectorWeights, 1), () -> {
            kernels.conv2d(vector, x, Epilogue.NONE);
        });
        if (batch >= MaskedConv.Kind.LEAST_BATCH) {
            image16(race, contestants, x, masked, mask, nonzeros, window);
        }
        try (Model model = model(masked);
                Session session = Session.of(model, Device.CPU, batch)) {
            chosen(race, contestants, session, last, maskedLast);
            return rows(race.run(seconds), contestants, sparsity);
        }
    }

    private static void add(
            KernelRace race, Map<String, Contestant> contestants, Contestant contestant, Runnable work) {
        contestants.put(contestant.kernel(), contestant);
        race.add(contestant.kernel(), work);
    }

    /** Forward alone, and a training step's three passes with packing, on images that are laid out already. */
    private void image16(
            KernelRace race,
            Map<String, Contestant> contestants,
            Tensor x,
            Tensor masked,
            BitMask mask,
            double nonzeros,
            ConvolutionWindow window) {
        MaskedConv2d conv = Kernels.on(Device.CPU).maskedConv2d(mask, layer.image(), window);
        MaskedConv2d.Packed packed = conv.pack(masked);
        Image16 source = conv.input(x, null);
        Image16 result = conv.forward(packed, source, null, null);
        Image16 upstream = conv.forward(packed, source, null, null);
        Image16 down = conv.inputGradient(conv.packForInputGradient(masked), upstream, null);
        String name = MaskedConv.Kind.IMAGE16.kernelName();
        add(race, contestants, new Contestant(name, FORWARD, nonzeros, 1), () -> {
            conv.forward(packed, source, null, result);
        });
        add(race, contestants, new Contestant(name + " training step", TRAINING, nonzeros, 3), () -> {
            MaskedConv2d.Packed now = conv.pack(masked);
            conv.forward(now, source, null, result);
            conv.inputGradient(conv.packForInputGradient(masked), upstream, down);
            conv.weightGradient(now, source, upstream);
        });
        Tensor leaf = x.channelsLast().setRequiresGrad(true);
        Tensor weightLeaf = masked.channelsLast().setRequiresGrad(true);
        Tensor gradient = dense(leaf, weightLeaf, window).detach();
        race.add(TRAINING, () -> {
            dense(leaf, weightLeaf, window).backward(gradient);
            leaf.clearGrad();
            weightLeaf.clearGrad();
        });
    }

    /** A session of the layer alone, beside the same graph by libtorch. */
    private void chosen(
            KernelRace race, Map<String, Contestant> contestants, Session session, Tensor last, Tensor maskedLast) {
        Map<String, Tensor> inputs = Map.of("input", last);
        Execution dense = Execution.of(session.graph());
        race.add("planned dense", quiet(() -> {
            dense.run(Map.of(WEIGHT, maskedLast), inputs, Evaluation.INFERENCE, Execution.Observer.NONE);
        }));
        String name = session.plan().instructions().get(0).kernel();
        double nonzeros = maskedLast.ne(0).to(DType.F64).sum().item();
        add(race, contestants, new Contestant("chosen: " + name, "planned dense", nonzeros, 1), () -> {
            session.run(inputs);
        });
    }

    private Model model(Tensor masked) {
        Model model = ModelBuilder.of("layer", layer.image())
                .conv((int) layer.k(), layer.conv().window(), 1, false)
                .build(1);
        model.weights().get(WEIGHT).copyInPlace(masked);
        return model;
    }

    private static Tensor dense(Tensor x, Tensor weight, ConvolutionWindow window) {
        return Nn.conv2d(x, weight, null, window);
    }

    private static Runnable quiet(Runnable work) {
        return () -> {
            try (Grad off = Grad.disabled()) {
                work.run();
            }
        };
    }

    private List<KernelRow> rows(KernelRace.Medians millis, Map<String, Contestant> contestants, double sparsity) {
        double nchw = millis.of("nchw");
        double nhwc = millis.of("nhwc");
        List<KernelRow> rows = new ArrayList<>();
        contestants.forEach((name, c) -> {
            boolean forward = c.baseline().equals(FORWARD);
            String baseline = forward ? FORWARD + (nchw < nhwc ? " NCHW" : " channels last") : c.baseline();
            double baselineMillis = forward ? Math.min(nchw, nhwc) : millis.of(c.baseline());
            double least =
                    c.passes() * roofline.millis(layer.operations(c.kept(), batch), layer.bytes(c.kept(), batch));
            rows.add(KernelRow.of(
                    layer.label(), batch, sparsity, name, millis.of(name), baseline, baselineMillis, least));
        });
        return rows;
    }
}
