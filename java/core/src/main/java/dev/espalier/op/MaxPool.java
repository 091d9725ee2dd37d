package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Largest element of every window over one to three spatial axes. */
public record MaxPool(Window window) implements Op {
    static MaxPool of(Attributes a) {
        a.only("kernel_shape", "strides", "pads", "dilations", "auto_pad", "ceil_mode", "storage_order");
        return new MaxPool(Window.of(a.mustBe("storage_order", 0)));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return window.attributes().asMap();
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
            return List.of(Nn.maxPool3d(x, kernel, window.strideArray(), around, window.dilationArray()));
        }
        boolean lift = x.rank() == 3;
        Tensor image = lift ? x.unsqueeze(2) : x;
        Window placed = window.lifted();
        Tensor y = Nn.maxPool2d(
                image,
                placed.kernel().toArray(),
                placed.strideArray(),
                placed.padding(Conv.spatial(image.shape())),
                placed.dilationArray(),
                placed.ceil());
        return List.of(lift ? y.squeeze(2) : y);
    }

    @Override
    public void trace(ChannelTrace trace) {
        ChannelRules.passBefore(trace, 2, "pools");
    }
}
