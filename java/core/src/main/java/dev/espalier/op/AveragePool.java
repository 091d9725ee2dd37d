package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Mean of every window over one to three spatial axes, padding counted as zeros or left out of the mean. */
public record AveragePool(Window window, boolean countPadding) implements Op {
    public AveragePool {
        if (!window.dilations().values().stream().allMatch(d -> d == 1)) {
            throw new UnsupportedOperatorException("AveragePool: dilations must be 1, got " + window.dilations());
        }
        // Ones are left out: ONNX knows the attribute from operator set 19 on only.
        window = new Window(
                window.kernel(), window.strides(), window.pads(), Ints.NONE, window.autoPad(), window.ceil());
    }

    static AveragePool of(Attributes a) {
        a.only("kernel_shape", "strides", "pads", "dilations", "auto_pad", "ceil_mode", "count_include_pad");
        return new AveragePool(Window.of(a), a.flag("count_include_pad", false));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return window.attributes()
                .with("count_include_pad", countPadding ? 1 : 0)
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return List.of(window.pooled(Inputs.of(this, in, 1, 1)));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        if (x.rank() == 5) {
            long[] around = window.padding(Conv.spatial(x.shape()));
            long[] kernel = window.kernel().toArray();
            return List.of(Nn.averagePool3d(x, kernel, window.strideArray(), around, countPadding));
        }
        boolean lift = x.rank() == 3;
        Tensor image = lift ? x.unsqueeze(2) : x;
        Window placed = window.lifted();
        Tensor y = Nn.avgPool2d(
                image,
                placed.kernel().toArray(),
                placed.strideArray(),
                placed.padding(Conv.spatial(image.shape())),
                placed.ceil(),
                countPadding);
        return List.of(lift ? y.squeeze(2) : y);
    }

    @Override
    public void trace(ChannelTrace trace) {
        ChannelRules.passBefore(trace, 2, "pools");
    }
}
